"""What a column of an address file can become, and the headings by which it is known."""

import re
from functools import lru_cache

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_noop

from clientgroups.importers.columns import plain
from clientgroups.selectors.client_columns import COLUMNS, CUSTOM, DERIVED

GIVEN, MIDDLE, FAMILY, POSTAL, LABEL = "given", "middle", "family", "postal_code", "label"
EMAIL_OPT_OUT, PHONE_OPT_OUT = "email_opt_out", "phone_opt_out"
CLIENT_LINK = "client_link"
# Parts of the product's own columns that only other programs write.
_OTHER = {
    GIVEN: gettext_noop("Given name"),
    MIDDLE: gettext_noop("Middle name"),
    FAMILY: gettext_noop("Family name"),
    POSTAL: gettext_noop("Postal code (kept with the address)"),
    EMAIL_OPT_OUT: gettext_noop("Objects to e-mail"),
    PHONE_OPT_OUT: gettext_noop("Objects to phone calls"),
    CLIENT_LINK: gettext_noop("Refers to a client of another file"),
    LABEL: gettext_noop("Label of the next column"),
}
_BUILT_IN = {column.key: column for column in COLUMNS if column.part != DERIVED}
CLIENT_TARGETS = [
    "client",
    "client_number",
    "client_ref",
    "client_link",
    "kind",
    "owner",
    "website",
    "industry",
    "address",
    "postal_code",
    "city",
    "region",
    "country",
    "tags",
    "note",
]
CONTACT_TARGETS = [
    "contact",
    "given",
    "middle",
    "family",
    "contact_number",
    "contact_ref",
    "job_title",
    "email",
    "phone",
    "language",
    "time_zone",
    "preferred_channel",
    "is_active",
    "label",
]
CONSENT_TARGETS = [
    "email_consent",
    "phone_consent",
    "chat_consent",
    "post_consent",
    "email_opt_out",
    "phone_opt_out",
]
TARGETS = (*CLIENT_TARGETS, *CONTACT_TARGETS, *CONSENT_TARGETS)
# Several columns may hold these; all others are taken from the first that is filled.
ALTERNATIVES = frozenset({"email", "phone"})
JOINED = frozenset({"address", "note", "tags"})


def target_label(target):
    """The name of a target in English, to be translated where it is shown."""
    if target in _OTHER:
        return _OTHER[target]
    with translation.override("en"):
        return str(_BUILT_IN[target].label)


# Best names first, compared without case, blanks, signs, accents and figures.
HEADINGS = {
    "client": (
        "company companyname organization organisation organizationname organisationname account "
        "accountname businessname employer customername clientname client associatedcompany "
        "primarycompany firma firmenname unternehmen organisationsname kundenname kunde societe "
        "entreprise organisme raisonsociale nomsociete nomduclient client empresa organizacion "
        "compania razonsocial nombreempresa cliente nombredelcliente 公司 公司名称 公司名 单位 "
        "单位名称 企业 企业名称 组织 机构 机构名称 客户 客户名称 客户名 公司單位 公司名稱 会社 "
        "会社名 회사 회사명 org"
    ),
    "client_number": (
        "customernumber customerid customerno customercode clientid clientnumber accountid "
        "accountnumber companyid associatedcompanyid associatedcompanyids kundennummer kundennr "
        "debitorennummer numeroclient codeclient idclient numerocliente codigocliente idcliente "
        "客户编号 客户号 客户代码 客户编码 客户id 会员号 会员编号 客戶編號 顧客番号"
    ),
    "kind": (
        "kind kindofclient clienttype customertype accounttype contacttype art kundentyp "
        "typedeclient tipodecliente 类型 客户类型 客户类别 客户性质"
    ),
    "owner": (
        "owner accountowner contactowner companyowner owneremail salesrep salesperson "
        "accountmanager relationshipmanager verantwortlich betreuer besitzer proprietaire "
        "commercial propietario responsable 负责人 所有者 归属人 业务员 销售 跟进人 客户经理"
    ),
    "website": (
        "website websiteurl webpage web homepage url websitevalue companydomainname domain "
        "internetseite webseite internet siteweb siteinternet pageweb paginaweb sitioweb 网站 "
        "网址 网页 公司网站 主页 網站 ホームページ 홈페이지"
    ),
    "industry": (
        "industry sector branch branche industrie secteur secteurdactivite sectoractivite "
        "industria rubro 行业 所属行业 产业 業種 行業 업종"
    ),
    "address": (
        "address streetaddress street addressline address2 mailingstreet billingstreet "
        "businessstreet businessaddress workaddress companyaddress businessstreet2 "
        "businessstreet3 workaddress2 addressstreet addressextendedaddress mailingaddress "
        "primaryaddressstreet adresse strasse anschrift strassegeschaftlich rue ruebureau "
        "adressepostale adresseprofessionnelle direccion calle calledeltrabajo domicilio 地址 "
        "街道 详细地址 公司地址 通讯地址 联系地址 通信地址 商务地址街道 单位地址 住址 住所 주소"
    ),
    POSTAL: (
        "postalcode zip zipcode zippostalcode postcode mailingpostalcode mailingzippostalcode "
        "billingpostalcode billingzippostalcode businesspostalcode workzipcode workzip "
        "addresspostalcode plz postleitzahl postleitzahlgeschaftlich codepostal "
        "codepostalbureau codigopostal cp codigopostaldeltrabajo 邮编 邮政编码 商务地址邮政编码 "
        "郵遞區號 郵便番号 우편번호"
    ),
    "city": (
        "city town mailingcity billingcity businesscity workcity companycity addresscity "
        "primaryaddresscity ort stadt ortgeschaftlich ville villebureau ciudad poblacion "
        "localidad ciudaddeltrabajo 城市 市 所在城市 市县 县市 商务地址市县 都市 도시"
    ),
    "region": (
        "region state province county stateprovince stateregion mailingstate "
        "mailingstateprovince billingstate billingstateprovince businessstate workstate "
        "companystate addressregion bundesland kanton regiongeschaftlich departement "
        "depregionbureau depregion provincia estado estadooprovinciadeltrabajo 省 省份 省市 "
        "省自治区 省自治区直辖市 地区 所在地区 州 省市自治区 商务地址省市自治区 都道府県 시도"
    ),
    "country": (
        "country countryregion countryname mailingcountry billingcountry businesscountry "
        "businesscountryregion workcountry companycountry addresscountry land staat "
        "landregiongeschaftlich landgeschaftlich pays paysregion paysregionbureau paysbureau "
        "pais paisoregion paisoregiondeltrabajo 国家 国家地区 国家或地区 所在国家 商务地址国家地区 "
        "國家 国 국가"
    ),
    "tags": (
        "tags tag labels categories category groupmembership groups kategorien kategorie "
        "schlagworte categories mots clesetiquettes etiquetas categorias 标签 类别 分组 分类 "
        "標籤 客户标签 ラベル タグ"
    ),
    "note": (
        "note notes comment comments description remark remarks memo notiz notizen bemerkung "
        "bemerkungen kommentar remarque remarques commentaire commentaires notas nota "
        "observaciones comentarios 备注 附注 说明 描述 備註 备忘 メモ 메모"
    ),
    "contact": (
        "contact contactname fullname displayname name contactperson primarycontact "
        "ansprechpartner kontakt kontaktperson anzeigename vollstandigername nomcomplet "
        "interlocuteur personnedecontact nombrecompleto personadecontacto contacto 联系人 "
        "联系人姓名 姓名 全名 显示名称 客户姓名 主要联系人 聯絡人 氏名 名前 이름"
    ),
    GIVEN: (
        "firstname givenname forename first vorname rufname prenom nombre nombredepila 名 名字 "
        "名称名 nombres"
    ),
    MIDDLE: "middlename additionalname zweitervorname weiterevornamen deuxiemeprenom segundonombre "
    "中间名",
    FAMILY: (
        "lastname familyname surname last nachname familienname nom nomdefamille apellidos "
        "apellido primerapellido 姓 姓氏"
    ),
    "contact_number": (
        "contactnumber contactid recordid personid uid kontaktnummer kontaktid idcontact "
        "idcontacto 联系人编号 联系人id"
    ),
    "job_title": (
        "jobtitle title position role occupation organizationtitle contacttitle function beruf "
        "stelle funktion berufsbezeichnung fonction poste titre intitule puesto cargo 职位 职务 "
        "职称 岗位 頭銜 役職 직책"
    ),
    "email": (
        "email emailaddress emailvalue mail primaryemail secondaryemail workemail businessemail "
        "privateemail homeemail contactemail emailadresse mailadresse courriel "
        "adressedemessagerie adressemail adresseemail correo correoelectronico "
        "direcciondecorreoelectronico 邮箱 电子邮箱 电子邮件 电子邮件地址 邮件 邮件地址 邮箱地址 "
        "電子郵件 メール メールアドレス 이메일"
    ),
    "phone": (
        "phone phonenumber phonevalue telephone tel mobile mobilephone mobilenumber cell "
        "cellphone workphone businessphone businessphone2 homephone homephone2 otherphone "
        "primaryphone mainphone companymainphone contactphone directphone telefon "
        "telefonnummer mobiltelefon handy handynummer mobil mobilnummer telefongeschaftlich "
        "telefonprivat telephonebureau telephonemobile telmobile teldomicile "
        "telephonedomicile telportable portable telefono movil celular telefonomovil "
        "telefonodeltrabajo telefonoparticular 电话 手机 手机号 手机号码 移动电话 联系电话 "
        "商务电话 办公电话 固定电话 座机 住宅电话 电话号码 聯絡電話 電話 電話番号 携帯電話 "
        "전화번호 전화"
    ),
    "language": (
        "language languages preferredlanguage contactlanguage locale lang sprache langue idioma "
        "语言 首选语言 語言 言語"
    ),
    "time_zone": "timezone tz zeitzone fuseauhoraire zonahoraria 时区 時區",
    "preferred_channel": (
        "preferredchannel preferredcontactmethod contactmethod bevorzugterkanal canalprefere "
        "canalpreferido 首选渠道 首选联系方式 偏好渠道"
    ),
    "is_active": "active activecontact isactive aktiv actif activo 在职 是否有效 有效",
    "email_consent": (
        "emailconsent emailoptin optin newsletter marketingconsent consent acceptsemailmarketing "
        "emailmarketingconsent marketingcontactstatus einwilligungemail newsletteroptin "
        "consentementemail consentimientoemail 同意邮件 邮件同意 邮件授权 接受邮件"
    ),
    "phone_consent": (
        "phoneconsent calloptin acceptsphone einwilligungtelefon consentementtelephone 同意电话 "
        "电话授权 接受电话"
    ),
    "chat_consent": (
        "chatconsent smsconsent smsoptin acceptssmsmarketing whatsappconsent textconsent 同意短信 "
        "短信授权 接受短信 同意微信"
    ),
    "post_consent": "postconsent mailconsent letterconsent postalconsent einwilligungpost 同意信函 "
    "接受信函",
    EMAIL_OPT_OUT: (
        "emailoptout hasoptedoutofemail donotemail unsubscribed optedoutofemail emailunsubscribed "
        "unsubscribedfromallemail 退订 不接受邮件 拒收邮件"
    ),
    PHONE_OPT_OUT: "donotcall phoneoptout donotphone 不接受电话 拒接电话",
    LABEL: "phonetype phonelabel emailtype emaillabel addresstype addresslabel websitetype "
    "websitelabel organizationtype",
}
# A heading with one of these words is something else, whatever else it says.
_NOT = re.compile(
    r"yomi|phonetic|拼音|pinyin|fax|传真|telecopie|pager|寻呼|telex|ttytdd|isdn|extension|lastmodified"
    r"|birth|assistant|spouse|manager.?s|prefix|suffix|nickname|maiden|password"
)
_HOME = re.compile(
    r"home|privat|domicile|particular|personal|住宅|家庭|other|weiter|autre|otro|其他|shipping"
)
_LOOSE = {
    "email": re.compile(r"e?mail(address|adresse)?$|邮箱|电子邮件|courriel|correo"),
    "phone": re.compile(r"phone|telefon|telephone|handy|mobil|movil|手机|电话|^tel"),
    "city": re.compile(r"(city|stadt|ville|ciudad|城市)$"),
    "country": re.compile(r"(country|countryregion|pays|pais|国家)$"),
    "address": re.compile(r"(street|street\d|strasse|calle|街道)$"),
    "region": re.compile(r"(state|province|stateprovince|bundesland|provincia|省份)$"),
    POSTAL: re.compile(r"(postalcode|zipcode|zip|plz|codepostal|codigopostal|邮编|邮政编码)$"),
}
# Headings of what the product works out itself: never taken over, and the reason is told.
STAGE = re.compile(r"lifecycle|生命周期|客户阶段|leadstatus|kundenstatus")


def _known():
    found = {}
    for target, names in HEADINGS.items():
        for place, name in enumerate(names.split()):
            key = plain(name)
            found.setdefault(key, (place, target))
            found.setdefault(re.sub(r"\d", "", key), (place, target))
    return found


@lru_cache(maxsize=1)
def _own():
    """The product's own headings, in each of its languages."""
    found = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            for column in COLUMNS:
                key = column.key if column.part != DERIVED else None
                found.setdefault(plain(str(column.label)), key)
    return found


_KNOWN = _known()


def target_of(name, custom):
    """The target of one heading, or None; `custom` maps plain labels of own fields to targets."""
    key = plain(name)
    if not key:
        return None
    if key in custom:
        return custom[key]
    if key in _own():
        return _own()[key]
    if STAGE.search(key):
        return None
    bare = re.sub(r"\d", "", key)
    hit = _KNOWN.get(key) or _KNOWN.get(bare)
    if hit:
        return hit[1]
    if _NOT.search(key):
        return None
    return next((target for target, words in _LOOSE.items() if words.search(bare)), None)


def is_home(name):
    """Whether a heading speaks of somebody's home or of a further address."""
    return bool(_HOME.search(plain(name)))


def custom_targets(fields):
    """Plain label or key → target, for the fields of this installation."""
    found = {}
    for field in fields:
        target = f"{CUSTOM}{field.key}"
        for label in (field.key, field.label, field.label_zh):
            if label:
                found.setdefault(plain(label), target)
                found.setdefault(plain(f"{label} ({field.key})"), target)
    # A field called like a column of the product's own does not take its place.
    return {key: target for key, target in found.items() if key not in _own()}


def is_derived(name):
    """Whether a heading is one of the product's own columns that are only shown."""
    return plain(name) in _own() and _own()[plain(name)] is None
