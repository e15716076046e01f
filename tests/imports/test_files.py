import re

import pytest

from core.files import encodings, kinds, tables, workbooks
from core.files.issues import ERROR, KEPT_PER_MESSAGE, NOTE, IssueLog
from core.files.refusal import Refusal, say, shorten
from core.files.tables import all_rows, column_sample, data_rows, read_shape
from core.files.writing import csv_response, safe_cell
from tests.imports.samples import PURCHASES, archive, workbook, written

ZH = (
    "客户编号,客户名称,订单日期,销售额\n1,北京市朝阳区贸易有限公司,2024-01-01,12.5\n"
    "2,上海百货商店,2024-01-02,8\n"
)
TW = "客戶編號,客戶名稱,訂單日期,銷售額\n1,臺北市信義區貿易有限公司,2024-01-01,12.5\n"
JA = "顧客番号,顧客名,日付,金額\n1,東京カメラ株式会社の山田さん,2024-01-01,12.5\n"
KO = "고객번호,고객이름,날짜,금액\n1,서울무역주식회사,2024-01-01,12.5\n"
DE = (
    "Kundennummer;Name;Datum;Betrag\n1;Müller & Söhne GmbH, Köln;01.02.2024;12,50\n"
    "2;Größe;1.1.2024;3\n"
)
RU = "Клиент;Имя\n1;Иванов Иван Иванович\n2;Петров\n"
PL = "Klient;Nazwa\n1;Zażółć gęślą jaźń\n"


@pytest.mark.parametrize(
    ("text", "saved", "found"),
    [
        (ZH, "utf-8", "utf-8-sig"),
        (ZH, "utf-8-sig", "utf-8-sig"),
        (ZH, "utf-16", "utf-16"),
        (ZH, "utf-16-le", "utf-16-le"),
        (ZH, "utf-16-be", "utf-16-be"),
        (ZH, "gb18030", "gb18030"),
        (ZH, "gbk", "gb18030"),
        (TW, "big5", "cp950"),
        (JA, "cp932", "cp932"),
        (KO, "euc_kr", "cp949"),
        (DE, "cp1252", "cp1252"),
        (RU, "cp1251", "cp1251"),
        (PL, "cp1250", "cp1250"),
        ("客户,金额\n王芳,3\n", "gbk", "gb18030"),
        ("id,name\n1,é\n", "cp1252", "cp1252"),
        ("id,price\n1,5 €\n", "cp1252", "cp1252"),
    ],
)
def test_encoding_is_found(tmp_path, text, saved, found):
    assert encodings.detect_encoding(written(tmp_path, text, encoding=saved)) == found


def test_damaged_utf8_names_the_line(tmp_path):
    path = written(tmp_path, "名称,金额\n客户甲,1\n客户乙,2\n".encode() + b"\xff\xc3,3\n")

    with pytest.raises(Refusal, match="Line") as refused:
        encodings.detect_encoding(path)

    assert refused.value.params == {"line": 4, "encoding": "UTF-8", "byte": "0xFF"}


def test_unreadable_bytes_without_any_encoding_are_refused(tmp_path):
    path = written(tmp_path, b"a,b\n1,\xff \x98 \x81\n")

    with pytest.raises(Refusal, match="cannot be read as"):
        encodings.detect_encoding(path)


def test_chosen_encoding_that_does_not_fit_names_the_line(tmp_path):
    path = written(tmp_path, ZH.encode("gb18030"))

    with pytest.raises(Refusal) as refused:
        encodings.check_encoding(path, "utf-8-sig")

    assert refused.value.params["line"] == 1


def test_line_of_a_bad_byte_counts_carriage_returns(tmp_path):
    path = written(tmp_path, b"a,b\r1,2\r3,\xff\r")

    with pytest.raises(Refusal) as refused:
        encodings.check_encoding(path, "utf-8-sig")

    assert refused.value.params["line"] == 3


def test_endless_line_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "BLOCK", 1000)
    path = written(tmp_path, "a,b\n" + "x" * 9000)

    with pytest.raises(Refusal, match="longer than"):
        encodings.check_encoding(path, "utf-8-sig", max_line=5000)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "only blanks"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "PNG"),
        (b"\xff\xd8\xff\xe0JFIF", "JPEG"),
        (b"%PDF-1.7", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"MZ\x90\x00\x03", "a program"),
        (b"PK\x05\x06" + b"\0" * 18, "ZIP"),
        (b"PK\x03\x04broken", "damaged or incomplete"),
        (b"a,b\n1,\x00\x01\x02\n2,\xfe\n", "line 2 holds a NUL"),
    ],
)
def test_other_files_are_called_by_their_kind(tmp_path, content, word):
    with pytest.raises(Refusal) as refused:
        kinds.file_kind(written(tmp_path, content))

    assert word in str(refused.value)


def test_text_that_begins_like_a_program_is_text(tmp_path):
    assert kinds.file_kind(written(tmp_path, "MZ,b\n1,2\n")) == kinds.TEXT


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"word/document.xml": "x"}, "Word"),
        ({"ppt/a.xml": "x"}, "PowerPoint"),
        ({"content.xml": "x"}, "OpenDocument"),
        ({"photo.jpg": "x"}, "ZIP archive"),
    ],
)
def test_packed_files_are_called_by_their_kind(tmp_path, parts, word):
    with pytest.raises(Refusal) as refused:
        kinds.file_kind(archive(tmp_path, parts))

    assert word in str(refused.value)


def test_packed_bomb_is_refused(tmp_path):
    parts = {"xl/workbook.xml": "x", "xl/worksheets/sheet1.xml": "0" * (8 << 20)}

    with pytest.raises(Refusal, match="unpacks to"):
        kinds.file_kind(archive(tmp_path, parts))


@pytest.mark.parametrize(
    ("text", "delimiter", "header", "columns"),
    [
        ("id,date\n1,2024-01-01\n", ",", 1, ["id", "date"]),
        ("id;date\n1;2024-01-01\n", ";", 1, ["id", "date"]),
        ("id\tdate\n1\t2024-01-01\n", "\t", 1, ["id", "date"]),
        ("id|date\n1|2024-01-01\n", "|", 1, ["id", "date"]),
        (" id  date amount\n 1  19970101   5.00\n", " ", 1, ["id", "date", "amount"]),
        (" 00001 19970101 11.77\n 00002 19970102 3.00\n", " ", 0, ["", "", ""]),
        ("1,2024-01-01\n2,2024-01-02\n", ",", 0, ["", ""]),
        ("sep=;\nid;date\n1;2024-01-01\n", ";", 1, ["id", "date"]),
        ("id,date\r1,2024-01-01\r2,2024-01-02\r", ",", 1, ["id", "date"]),
        ("id,date\r\n1,2024-01-01\r\n", ",", 1, ["id", "date"]),
        ("Report of today\n\nid,date,x\n1,2024-01-01,2\n2,2024-01-02,3\n", ",", 3, None),
        ("id,amount,amount,\n1,2,3,4\n", ",", 1, ["id", "amount", "amount (2)", ""]),
        ("id,name,,\n1,a,,\n", ",", 1, ["id", "name"]),
        ("name\nLin\nBo\n", ",", 1, ["name"]),
    ],
)
def test_shape_of_a_table(tmp_path, text, delimiter, header, columns):
    shape = read_shape(written(tmp_path, text))

    assert (shape["delimiter"], shape["header"]) == (delimiter, header)
    assert shape["columns"] == (columns or ["id", "date", "x"])


def test_header_without_rows_is_refused(tmp_path):
    with pytest.raises(Refusal, match="header line but no rows"):
        read_shape(written(tmp_path, "Customer,Date,Amount\n"))


def test_only_blank_lines_are_no_rows(tmp_path):
    with pytest.raises(Refusal, match="has no rows"):
        read_shape(written(tmp_path, ",,\n,,\n" * 20))


def test_too_many_columns_are_refused(tmp_path):
    wide = ",".join("x" * 600)

    with pytest.raises(Refusal, match="600 columns"):
        read_shape(written(tmp_path, f"{wide}\n{wide}\n"))


def test_rows_know_the_line_they_begin_on(tmp_path):
    path = written(tmp_path, 'id,text\n1,"two\nlines"\n2,"say ""hi"""\n\n3,end\n')
    shape = read_shape(path)

    assert list(data_rows(path, shape)) == [
        (2, ["1", "two\nlines"]),
        (4, ["2", 'say "hi"']),
        (5, []),
        (6, ["3", "end"]),
    ]


def test_open_quotation_mark_names_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_LINES_PER_ROW", 20)
    path = written(tmp_path, "id,name\n1,a\n" + '2,"b\n' + "3,c\n" * 100)
    shape = {"format": "text", "encoding": "utf-8", "delimiter": ",", "header": 0}

    with pytest.raises(Refusal) as refused:
        list(all_rows(path, shape))

    assert refused.value.params == {"line": 3}


def test_oversized_field_names_its_line(tmp_path):
    path = written(tmp_path, 'id,name\n1,"' + "x" * (tables.MAX_FIELD + 9) + '"\n')
    shape = {"format": "text", "encoding": "utf-8", "delimiter": ",", "header": 0}

    with pytest.raises(Refusal) as refused:
        list(all_rows(path, shape))

    assert refused.value.params == {"line": 2}


def test_end_of_file_mark_of_old_systems_is_no_row(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n\x1a")
    shape = read_shape(path)

    assert [row for _, row in data_rows(path, shape)] == [["1", "2"], []]


def test_sample_stays_small_for_wide_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "SAMPLE_CELLS", 10)
    path = written(tmp_path, "id,v\n" + "1,2\n" * 100)
    shape = read_shape(path)

    assert [len(column) for column in column_sample(path, shape)] == [6, 6]


def test_workbook_is_read_as_text(tmp_path):
    path = workbook(tmp_path, [["Customer", "Amount"], [7, 12.5], ["00008", 3.0], [None, True]])
    shape = read_shape(path)

    assert shape["columns"] == ["Customer", "Amount"]
    assert [row for _, row in data_rows(path, shape)] == [
        ["7", "12.5"],
        ["00008", "3"],
        ["", "True"],
    ]


def test_workbook_offers_its_sheets(tmp_path):
    path = workbook(tmp_path, [["a", "b"], [1, 2]], title="First")

    shape = read_shape(path, sheet="Nowhere")

    assert (shape["sheet"], shape["sheets"]) == ("First", ["First"])


def test_empty_workbook_is_refused(tmp_path):
    with pytest.raises(Refusal, match="no rows"):
        read_shape(workbook(tmp_path, []))


def test_sheet_that_is_gone_is_refused(tmp_path):
    path = workbook(tmp_path, [["a"]])

    with pytest.raises(Refusal, match="sheet no longer exists"):
        list(workbooks.rows(path, "Nowhere"))


def test_workbook_with_broken_parts_is_refused(tmp_path):
    path = archive(tmp_path, {"xl/workbook.xml": "<not", "[Content_Types].xml": "<broken"})

    with pytest.raises(Refusal, match="damaged or incomplete"):
        read_shape(path)


def test_workbook_entities_are_refused(tmp_path):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><Types>&a;</Types>'
    path = archive(tmp_path, {"xl/workbook.xml": bomb, "[Content_Types].xml": bomb})

    with pytest.raises(Refusal, match="damaged or incomplete"):
        read_shape(path)


def test_workbook_with_too_much_text_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(workbooks, "MAX_SHARED", 10)
    parts = {"xl/workbook.xml": "x", "xl/sharedStrings.xml": "a long text"}
    path = archive(tmp_path, parts)

    with pytest.raises(Refusal, match="too much text"):
        read_shape(path)


# Sentences and what is written ---------------------------------------------------------------


def test_values_are_never_formats():
    assert say("“%(found)s” is wrong.", {"found": "%(x)s %d {0}"}) == "“%(x)s %d {0}” is wrong."
    assert say("100 %% sure", {}) == "100 % sure"
    assert say("", {}) == ""


def test_lists_of_names_are_joined():
    assert say("%(fields)s", {"fields": ["Date", "Amount"]}) == "Date, Amount"


def test_quoted_pieces_have_no_control_characters():
    assert shorten("a\x00b\nc\ud800d") == "a b c d"
    assert shorten("x" * 300, 10) == "xxxxxxxxx…"


def test_issue_log_counts_all_and_keeps_some():
    log = IssueLog()
    for line in range(KEPT_PER_MESSAGE + 50):
        log.add(ERROR, "bad", line=line)
    log.add(NOTE, "odd", line=1)

    assert (log.errors, log.counts["bad"]) == (KEPT_PER_MESSAGE + 50, KEPT_PER_MESSAGE + 50)
    assert len(log.drain()) == KEPT_PER_MESSAGE + 1
    assert log.drain() == []


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "|x",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u200b=1",
        "\ufeff=1",
        "＝1",
        "＋1",
    ],
)
def test_cells_never_run(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [1, -2.5, "text", "a=1", "数据"])
def test_plain_cells_stay(value):
    assert safe_cell(value) == value


def test_nothing_is_an_empty_cell():
    assert safe_cell(None) == ""
    assert safe_cell("\x00=1") == "'=1"


def test_download_keeps_chinese_for_excel():
    response = csv_response("报告.csv", ["行"], [["=1", 2]])
    text = b"".join(response.streaming_content).decode()

    assert text == "\ufeff行\r\n'=1,2\r\n"
    assert re.search(r"filename\*=utf-8''", response["Content-Disposition"])


def test_purchases_sample_has_a_shape(tmp_path):
    assert read_shape(written(tmp_path, PURCHASES))["width"] == 5
