"""Which column of a table means what: suggestions from names in many languages and from content."""

import re
import unicodedata

from django.utils.translation import gettext_noop

from clientgroups.importers.values import (
    CURRENCIES,
    detect_date_order,
    detect_decimal,
    number_share,
    parse_currency,
)

CUSTOMER, NAME, DATE, AMOUNT = "customer", "name", "date", "amount"
UNIT_PRICE, QUANTITY, CURRENCY, PRODUCT, NUMBER = (
    "unit_price",
    "quantity",
    "currency",
    "product",
    "number",
)
TARGETS = {
    CUSTOMER: gettext_noop("Customer number"),
    NAME: gettext_noop("Customer name"),
    DATE: gettext_noop("Date"),
    AMOUNT: gettext_noop("Amount"),
    QUANTITY: gettext_noop("Quantity"),
    UNIT_PRICE: gettext_noop("Unit price"),
    CURRENCY: gettext_noop("Currency"),
    PRODUCT: gettext_noop("Product"),
    NUMBER: gettext_noop("Purchase number"),
}
# Best names first. Compared without case, blanks, signs and accents.
NAMES = {
    CUSTOMER: (
        "customernumber customerid customerno custid custno customercode clientid "
        "clientnumber clientno clientcode accountid accountnumber accountno memberid "
        "memberno buyerid userid contactid shoppercode kundennummer kundennr kundenid kdnr "
        "debitorennummer debitor numeroclient numclient noclient nclient codeclient idclient "
        "refclient referenceclient numerocliente codigocliente idcliente nocliente "
        "codcliente clienteid codicecliente klantnummer 客户编号 客户号 客户id 客户代码 "
        "客户编码 会员号 会员编号 会员id 会员卡号 用户id 用户编号 买家id 买家账号 顾客编号 "
        "顾客id 客戶編號 客戶代號 客戶id 會員編號 顧客番号 会員番号 顧客id 고객번호 customer "
        "client kunde cliente 客户 客戶 会员 買家 买家 顾客 顧客 用户 email emailaddress "
        "mail 邮箱"
    ),
    NAME: (
        "customername clientname companyname customerfullname accountname buyername "
        "membername fullname company kundenname firmenname firma nomclient nomduclient "
        "raisonsociale societe nombrecliente nombredelcliente razonsocial ragionesociale "
        "klantnaam 客户名称 客户姓名 客户名 公司名称 单位名称 会员姓名 会员名称 买家姓名 "
        "买家昵称 姓名 顾客姓名 客戶名稱 客戶姓名 公司名稱 顧客名 고객명 고객이름 name nom "
        "nombre 名称 名稱 customer client kunde cliente 客户 客戶 顾客"
    ),
    DATE: (
        "purchasedate orderdate dateofpurchase invoicedate transactiondate saledate "
        "salesdate paymentdate paidat orderedat purchasedon boughton orderplaceddate "
        "bestelldatum rechnungsdatum kaufdatum auftragsdatum buchungsdatum belegdatum "
        "datedecommande datecommande dateachat datedachat datefacture datedefacture "
        "fechadecompra fechacompra fechapedido fechadepedido fechafactura dataordine "
        "订单日期 购买日期 下单日期 下单时间 付款日期 付款时间 支付时间 交易日期 交易时间 "
        "成交日期 成交时间 销售日期 消费日期 消费时间 开票日期 订单创建时间 購買日期 "
        "訂單日期 購入日 注文日 주문일 구매일 date datum fecha data day createdat timestamp "
        "datetime 日期 时间 時間 日付 날짜"
    ),
    AMOUNT: (
        "amount totalamount purchaseamount orderamount ordertotal invoiceamount lineamount "
        "linetotal transactionamount grandtotal totalprice netamount grossamount salesamount "
        "dollarvalue sales revenue turnover total betrag gesamtbetrag rechnungsbetrag umsatz "
        "summe gesamtpreis netto brutto montant montantttc montantht montanttotal totalttc "
        "totalht chiffredaffaires importe importetotal monto montototal ventas importo "
        "totale bedrag 销售额 金额 总金额 订单金额 购买金额 消费金额 实付金额 实付款 "
        "支付金额 付款金额 成交金额 交易金额 销售金额 应付金额 总价 合计 总额 營業額 銷售額 "
        "金額 總金額 売上 売上金額 購入金額 금액 매출 monetary value wert valor"
    ),
    QUANTITY: (
        "quantity qty numberofcds units unitssold itemcount pieces pcs count menge anzahl "
        "stuckzahl stuck quantite qte nombre quantita aantal cantidad unidades 数量 件数 "
        "购买数量 销售数量 數量 個数 수량"
    ),
    UNIT_PRICE: (
        "unitprice priceperunit priceeach itemprice einzelpreis stuckpreis preis "
        "prixunitaire pu prix preciounitario precio prezzounitario price 单价 价格 售价 "
        "商品单价 單價 単価 단가"
    ),
    CURRENCY: (
        "currency currencycode isocurrency wahrung waehrung devise monnaie moneda divisa "
        "valuta 币种 货币 幣別 货币代码 通貨 통화"
    ),
    PRODUCT: (
        "productname product itemname item description stockdescription sku productid "
        "stockcode artikel artikelbezeichnung artikelname bezeichnung produkt nomproduit "
        "produit article designation libelle producto nombreproducto articulo descripcion "
        "prodotto 产品名称 商品名称 产品 商品 品名 货品名称 商品标题 產品名稱 商品名稱 "
        "商品名 製品名 상품명 제품명"
    ),
    NUMBER: (
        "purchasenumber purchaseid ordernumber orderid orderno invoicenumber invoiceno "
        "invoiceid invoice transactionid transactionnumber receiptnumber receiptno receipt "
        "bestellnummer bestellnr auftragsnummer rechnungsnummer rechnungsnr belegnummer "
        "belegnr numerocommande numerodecommande nocommande numerofacture nofacture "
        "numeropedido numerodepedido numerofactura nofactura 订单编号 订单号 订单id 流水号 "
        "交易号 交易单号 单号 小票号 发票号 发票号码 訂單編號 訂單號 注文番号 주문번호 order "
        "nfacture ncommande"
    ),
}
ORDER = (CURRENCY, CUSTOMER, NAME, DATE, NUMBER, UNIT_PRICE, QUANTITY, AMOUNT, PRODUCT)


# Headings in traditional characters are known by their simplified ones.
_SIMPLIFIED = str.maketrans(
    "戶聯絡電話號碼郵職稱務單業機構織負責員類區國縣標籤備註說語時間產價數額總幣貨購買賣銷編訂"
    "發項實帳顧會團隊別門開關體態經歷領導資訊網簡層級詳細傳尋運費達",
    "户联络电话号码邮职称务单业机构织负责员类区国县标签备注说语时间产价数额总币货购买卖销编订"
    "发项实账顾会团队别门开关体态经历领导资讯网简层级详细传寻运费达",
)


def plain(name):
    """`Date d'achat (TTC)` and `date_dachat_ttc` compare equal, 客戶名稱 and 客户名称 too."""
    name = name if name.isascii() else name.translate(_SIMPLIFIED)
    text = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    return re.sub(r"[\W_]+", "", "".join(s for s in text if not unicodedata.combining(s)))


_RANKS = {
    target: {plain(name): place for place, name in enumerate(names.split())}
    for target, names in NAMES.items()
}


def suggest_columns(shape, columns):
    """Target -> column index, for each target that a name or, without names, the content tells."""
    found = _by_name(shape["columns"])
    if not any(shape["columns"]):
        found = _by_content(columns)
    _check_against_content(found, columns)
    if AMOUNT not in found and QUANTITY not in found and UNIT_PRICE in found:
        found[AMOUNT] = found.pop(UNIT_PRICE)
    if CUSTOMER not in found and NAME in found:
        found[CUSTOMER] = found[NAME]
    return found


def _by_name(names):
    keys = [plain(re.sub(r" \(\d+\)$", "", name)) for name in names]
    found, taken = {}, set()
    for exact in (True, False):
        for target in ORDER:
            if target in found:
                continue
            ranked = [
                (rank, place)
                for place, key in enumerate(keys)
                if place not in taken and (rank := _rank(target, key, exact)) is not None
            ]
            if ranked:
                found[target] = min(ranked)[1]
                taken.add(found[target])
    return found


def _rank(target, key, exact):
    """Place in the list of names; parts of a longer name count when they are telling enough."""
    if not key:
        return None
    if key in _RANKS[target]:
        return _RANKS[target][key]
    if exact:
        return None
    parts = [
        rank
        for name, rank in _RANKS[target].items()
        if (len(name) >= 5 or (not name.isascii() and len(name) >= 2)) and name in key
    ]
    return 100 + min(parts) if parts else None


def _check_against_content(found, columns):
    """A name may mislead: a date column must hold dates, an amount column numbers."""
    for target in (AMOUNT, QUANTITY, UNIT_PRICE):
        place = found.get(target)
        if place is not None and columns[place]:
            decimal = detect_decimal(columns[place]) or "point"
            if number_share(columns[place], decimal) < 0.5:
                del found[target]
    place = found.get(DATE)
    if place is not None and columns[place] and detect_date_order(columns[place])[1] < 0.3:
        del found[DATE]


def _by_content(columns):
    """For files without a header: dates tell themselves, money has decimals, numbers come first."""
    found = {}
    dates = [p for p, cells in enumerate(columns) if cells and detect_date_order(cells)[1] > 0.9]
    figures = [p for p, cells in enumerate(columns) if cells and number_share(cells) > 0.9]
    codes = [p for p, cells in enumerate(columns) if cells and _currency_share(cells) > 0.9]
    if dates:
        found[DATE] = dates[0]
    if codes:
        found[CURRENCY] = codes[0]
    rest = [place for place in figures if place not in dates]
    money = [p for p in rest if any("." in cell or "," in cell for cell in columns[p][:500])]
    if money:
        found[AMOUNT] = money[-1]
    ids = [p for p in range(len(columns)) if p not in {*dates, *codes, *money} and columns[p]]
    if ids:
        found[CUSTOMER] = ids[0]
    small = [p for p in ids[1:] if p in rest and found.get(DATE, -1) < p]
    if small:
        found[AMOUNT if AMOUNT not in found else QUANTITY] = small[-1]
    return found


def _currency_share(cells):
    cells = cells[:500]
    known = set(CURRENCIES.values())
    return sum(parse_currency(cell) in known for cell in cells) / len(cells)
