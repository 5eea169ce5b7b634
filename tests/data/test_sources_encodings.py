"""The encodings of the last forty years are told from the words of a small table in each language."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from keepfit.data.sources.encoding import check_encoding, encoding_of
from keepfit.data.sources.opening import Reading, open_source
from keepfit.errors import DataError

WORDS = {
    "French": ("élevé forêt été Besançon façade cœur modéré qualité propriété coût", "cp1252 mac_roman"),
    "German": ("größe Straße Köln Münster schön Übergabe öffentlich gemäß mittel", "cp1252 mac_roman"),
    "Spanish": ("año niño acción España corazón público teléfono señal índice", "cp1252 mac_roman"),
    "Swedish": ("hög låg Malmö Göteborg Örebro år människa", "cp1252"),
    "Polish": ("wysoka średnia działka Łódź żółty część udział miesiąc źródło", "cp1250"),
    "Czech": ("vysoká nízká Plzeň Budějovice město dům řeka žlutý příjem účet", "cp1250"),
    "Hungarian": ("közepes Győr lakás ház fűtés időpont terület minősítés őszi", "cp1250"),
    "Russian": ("Площадь высокая низкая квартира дом Москва Оценка участок средняя", "cp1251 koi8_r"),
    "Ukrainian": ("площа висока низька Київ будинок середня Їжак європа оцінка", "cp1251"),
    "Greek": ("υψηλή χαμηλή Αθήνα σπίτι διαμέρισμα Θεσσαλονίκη μέτρια", "cp1253"),
    "Turkish": ("yüksek düşük İstanbul Eskişehir müstakil ağır çok şehir", "cp1254"),
    "Hebrew": ("גבוה נמוך ירושלים דירה בית בינוני", "cp1255"),
    "Arabic": ("مرتفع منخفض القاهرة شقة بيت متوسط الرياض", "cp1256"),
    "Lithuanian": ("aukšta žema Šiauliai Panevėžys vidutinė žalia ąžuolas įmonė", "cp1257"),
    "Latvian": ("Rīga dzīvoklis māja vidējs Jūrmala ķēniņš augsts", "cp1257"),
    "Japanese": ("面積 比率 種類 評価 一戸建て 高い 低い マンション アパート 東京 住宅", "shift_jis euc_jp"),
    "Korean": ("면적 비율 종류 등급 아파트 높음 낮음 주택 빌라 서울 부산", "euc_kr"),
    "Chinese": ("面积 比率 类型 评价 公寓 别墅 北京市 上海 住宅 中等", "gb18030"),
    "Chinese, traditional": ("面積 比率 類型 評價 公寓 別墅 臺北 高雄 住宅 中等", "big5"),
    "Units": ("m² 25°C ±5 £20", "cp1252"),
}
CASES = [(language, encoding) for language, (_, encodings) in WORDS.items() for encoding in encodings.split()]


@pytest.mark.parametrize(("language", "encoding"), CASES)
@pytest.mark.parametrize(("rows", "seed"), [(5, 1), (40, 2), (300, 3)])
def test_the_encoding_is_told_from_a_few_words(language: str, encoding: str, rows: int, seed: int) -> None:
    random_ = random.Random(seed)
    words = WORDS[language][0].split()
    text = f"n,{words[0]},b\r\n" + "".join(
        f"{i},{random_.choice(words)},{random_.choice(words)}\r\n" for i in range(rows)
    )
    content = text.encode(encoding)
    assert content.decode(encoding_of(content, Path("x.csv"))) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("language", WORDS)
def test_unicode_is_told_in_all_its_forms(language: str, encoding: str) -> None:
    text = "n,b\n" + "".join(f"{i},{word}\n" for i, word in enumerate(WORDS[language][0].split()))
    content = text.encode(encoding)
    assert content.decode(encoding_of(content, Path("x.csv"))).removeprefix("\ufeff") == text


@pytest.mark.parametrize("odd", [b"\xe9", b"\x8c\xe6", b"\xa0"])
def test_a_few_odd_bytes_make_no_chinese_of_a_file(odd: bytes) -> None:
    assert encoding_of(b"a,b\n1," + odd + b"x\n" + b"2,plain\n" * 50, Path("x.csv")) not in ("gb18030", "utf-8")
    assert encoding_of("a,b\n1,é\n2,ü\n3,é\n".encode() + b"4," + odd + b"\n", Path("x.csv")) == "utf-8"


@pytest.mark.parametrize("name", ["hex", "zlib", "base64", "rot13", "idna", "undefined", "utf-9", "", "a\0b", "ü" * 99])
def test_what_is_no_encoding_of_texts_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="no known encoding of texts"):
        check_encoding(name)


def test_a_name_with_a_byte_of_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("ville,é,p".encode() + b"r\xe9nom,n\n" + b"a,b,c,1\n" * 9)
    with pytest.raises(DataError, match=r"line 1: a byte in 'pr\?nom' is not utf-8"):
        open_source((path,), Reading(tmp_path, encoding="utf-8"))


PAIRS = {
    "gb18030": [
        ("sex", "男 女"), ("性别", "男 女"), ("flag", "是 否"), ("等级", "高 低"), ("grade", "高 中 低"),
        ("结果", "好 坏"), ("level", "优 良 差"), ("类别", "甲 乙 丙"),
        ("status", "合格 不合格"), ("dir", "东 南 西 北"),
        ("有无", "有 无"),
        ("weather", "晴 雨 阴"), ("city", "北京 上海"), ("颜色", "红 绿 蓝"),
    ],
    "big5": [("性別", "男 女"), ("城市", "台北 高雄"), ("結果", "是 否"), ("等級", "優 良 差")],
    "cp932": [("性別", "男 女"), ("sex", "男 女"), ("評価", "高い 低い"), ("判定", "合格 不合格")],
    "euc_jp": [("性別", "男性 女性"), ("都市", "東京 大阪")],
    "cp949": [("성별", "남 여"), ("결과", "예 아니오"), ("등급", "높음 낮음"), ("도시", "서울 부산 대구")],
    "koi8_r": [
        ("пол", "муж жен"), ("ответ", "да нет"), ("ОТВЕТ", "ДА НЕТ"), ("пол", "м ж"), ("level", "низкий высокий"),
        ("grade", "хорошо плохо"), ("класс", "кошка собака"), ("x", "победа поражение"), ("имя", "молоко хлеб"),
        ("x", "оплачен отменён"),
    ],
    "cp1255": [("x", "כן לא"), ("מין", "זכר נקבה")],
    "cp1251": [
        ("пол", "муж жен"), ("sex", "муж жен"), ("x", "победа поражение"),
        ("ответ", "да нет"), ("ОТВЕТ", "ДА НЕТ"), ("город", "Москва Казань"),
    ],
    "cp1252": [("größe", "groß klein"), ("sexe", "féminin masculin"), ("année", "été hiver")],
}  # fmt: skip


@pytest.mark.parametrize(("encoding", "name", "words"), [(e, n, w) for e, rows in PAIRS.items() for n, w in rows])
@pytest.mark.parametrize("rows", [6, 200])
def test_a_column_of_two_words_tells_its_encoding(encoding: str, name: str, words: str, rows: int) -> None:
    answers = words.split()
    lines = [f"{row},{row / 7:.3f},{answers[row % len(answers)]}" for row in range(rows)]
    content = "\n".join([f"id,x,{name}", *lines, ""])
    told = encoding_of(content.encode(encoding), Path("x.csv"))
    assert content.encode(encoding).decode(told) == content
