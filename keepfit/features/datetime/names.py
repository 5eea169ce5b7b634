"""Months and zones by name, in the languages of Europe: whole, in the case that stands behind a day, and shortened.

A word that is one month here and another there is in no row: Croatia's listopad is October, Poland's November. So are
zones that are several: CST is China's and Chicago's, IST India's and Israel's, BST Britain's and Bangladesh's.
"""

from __future__ import annotations

import unicodedata

_MONTHS = (
    "jan january januar jänner janvier janv enero ene gennaio gen janeiro januari január januára ianuarie ian "
    "styczeń stycznia sty leden ledna led tammikuu tammikuuta ocak oca jaanuar "
    "январь января янв січень січня януари ιανουάριος ιανουαρίου ιαν",
    "feb february februar février févr fév fevrier febrero febbraio fevereiro fev februari február februára febr "
    "februarie luty lutego lut únor února úno helmikuu helmikuuta şubat şub veebruar "
    "февраль февраля фев февр лютий лютого февруари φεβρουάριος φεβρουαρίου φεβ",
    "mar march märz mrz mär mars marzo março marco maart mrt marts március márc marec marca marzec martie marț märts "
    "březen března bře maaliskuu maaliskuuta mart март марта мар березень березня μάρτιος μαρτίου μαρ",
    "apr april avril avr abril abr aprile április ápr apríl apríla aprilie aprill kwiecień kwietnia kwi duben dubna "
    "dub huhtikuu huhtikuuta nisan nis апрель апреля апр квітень квітня април απρίλιος απριλίου απρ",
    "may mai mayo maggio mag maio mei maj május máj mája maja květen května kvě toukokuu toukokuuta mayıs "
    "май мая травень травня μάιος μαΐου μαϊ μάι",
    "jun june juni juin junio giugno giu junho június jún júna junij iunie iun juuni czerwiec czerwca cze "
    "červen června čvn kesäkuu kesäkuuta haziran haz июнь июня июн червень червня юни ιούνιος ιουνίου ιουν",
    "jul july juli juillet juil julio luglio lug julho július júl júla julij iulie iul juuli lipiec lipca lip "
    "červenec července čvc heinäkuu heinäkuuta temmuz tem июль июля июл липень липня юли ιούλιος ιουλίου ιουλ",
    "aug august août aout agosto ago augustus augusti augusztus augusta avgust avg sierpień sierpnia sie "
    "srpen srpna srp elokuu elokuuta ağustos ağu август августа авг серпень серпня αύγουστος αυγούστου αυγ",
    "sep sept september septembre septiembre settembre set setembro szeptember szept septembra septembrie wrzesień "
    "września wrz září zář syyskuu syyskuuta eylül eyl "
    "сентябрь сентября сен сент вересень вересня септември σεπτέμβριος σεπτεμβρίου σεπ σεπτ",
    "oct october oktober okt octobre octubre ottobre ott outubro out október októbra octombrie oktoober październik "
    "października paź říjen října říj lokakuu lokakuuta ekim eki "
    "октябрь октября окт жовтень жовтня октомври οκτώβριος οκτωβρίου οκτ",
    "nov november novembre noviembre novembro novembra noiembrie noi listopad listopada listopadu lis marraskuu "
    "marraskuuta kasım kas ноябрь ноября ноя нояб листопад листопада ноември νοέμβριος νοεμβρίου νοε",
    "dec december dezember dez décembre déc decembre diciembre dic dicembre dezembro desember des decembra decembrie "
    "detsember grudzień grudnia gru prosinec prosince pro joulukuu joulukuuta aralık ara "
    "декабрь декабря дек грудень грудня декември δεκέμβριος δεκεμβρίου δεκ",
)
ZONES = {
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3,
    "EST": -5, "EDT": -4, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
    "JST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "SAST": 2,
}  # fmt: skip
"""Hours east of UTC."""


def plain(word: str) -> str:
    """A word as it stands in the table: small, composed, without its point, with one i for Turkish's two."""
    lower = unicodedata.normalize("NFC", word).lower().replace("i\u0307", "i").replace("ı", "i")
    return lower.removesuffix(".")


MONTH_OF = {plain(word): month for month, words in enumerate(_MONTHS, 1) for word in words.split()}
