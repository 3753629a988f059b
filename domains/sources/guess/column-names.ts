/**
 * Purpose: what the name of a column says of its content.
 * Invariants: pure; series are recognised by whole words: a capacity is no city.
 * Fails: never.
 */

/** `PULocationID_x` as ` pu location id x `. */
const wordsOf = (name: string): string => {
  const apart = name.replace(/([\p{Ll}\d])(\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1$3 $2');
  return ` ${apart
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .toLowerCase()} `;
};

const TIME = /time|date|stamp|created|opened|started|zeit|datum|^(ts|ds|t|tag)$|(^|[ _-])dt$/i;
const TIME_START = /^(day|hour|month|week|when|placed)/i;
const FIRST_TIME = /start|begin|pick.?up|from|created|placed|order|depart/i;
const LAST_TIME = /end|stop|drop.?off|update|modified|arriv|until/i;

export const isTimeName = (name: string): boolean => TIME.test(name) || TIME_START.test(name);
export const isFirstTime = (name: string): boolean => FIRST_TIME.test(name);
export const isLastTime = (name: string): boolean => LAST_TIME.test(name);

const SERIES = new RegExp(
  ' (?:(?:station|store|shop|zone|region|site|sensor|meter|product|item|sku|location|city|series|' +
    'unique|category|branch|filiale|device|plant|country|line|route|ticker|symbol|article|' +
    'artikel|name|department|dept|family|agency|area|borough|building|campaign|carrier|county|' +
    'district|facility|machine|warehouse)(?:id|nr|no|code|key|name|number)?|' +
    '(?:filial|produkt|zähler|zaehler|standort)\\p{L}*) ',
  'iu',
);
const FIRST_PLACE = /from|start|pick.?up|origin/i;
const LAST_PLACE = /^to|end|drop.?off|dest/i;
const ATTRIBUTE =
  /flag|status|type|mode|payment|week.?day|time.?zone|note|comment|currency|quality/i;
const ROW_ID =
  /(trip|order|ride|row|event|transaction|ticket|bike|user|customer|invoice).?(id|no|nr)/i;

export const isSeriesName = (name: string): boolean => SERIES.test(wordsOf(name));
/** An id of something: a series where nothing is called so. */
export const isKey = (name: string): boolean => / (id|no|nr|code|key) $/.test(wordsOf(name));
export const isFirstPlace = (name: string): boolean => FIRST_PLACE.test(name);
export const isLastPlace = (name: string): boolean => LAST_PLACE.test(name);
/** Says what a row is like, not where it belongs. */
export const isAttribute = (name: string): boolean => ATTRIBUTE.test(name);
/** An id of rows or people, not of places. */
export const isRowId = (name: string): boolean => ROW_ID.test(name);
/** Of anything: never a time, though its digits may look like one. */
export const isId = (name: string): boolean => isRowId(name) || / (id|no|nr) $/.test(wordsOf(name));

const VALUE = new RegExp(
  '^(y|v|n|value|wert|count|anzahl|load|mw|kwh?|mwh|units|close)$|value|count|demand|' +
    'sales|quantity|amount|total|rides|trips|orders|visit|traffic|menge|umsatz|verkäufe|verkauf|' +
    'revenue|consumption|verbrauch|power|energy|usage|passengers|load|sold|cases|occupan|' +
    'measurement|reading|gesamt|(^|[ _-])(cnt|qty)([ _-]|$)',
  'i',
);
const FORECAST = /forecast|prognos|prévision|prevision|predict|day.?ahead/i;
/** Columns of one thing measured in several ways, and not of several things. */
const MEASURE = new RegExp(
  'open|high|low|close|volume|temp|hum|wind|press|rain|precip|snow|cloud|dew|price|promo|' +
    'discount|cost|min|max|mean|avg|status|holiday|season|working|week|month|year|capacity|' +
    'percent',
  'i',
);
const PLACE_OR_ID =
  /(^|[ _-])(id|nr|no|lat|lon|lng|latitude|longitude|zip|index|code)( ?\(.*\))?$/i;
const PART_OF_TIME = new RegExp(
  '^(.*(date|time|arrival|departure|start|end)[ _-])?' +
    '(year|yr|month|mnth|day|hour|hr|weekday|day ?of ?week|season)$',
  'i',
);

export const isValueName = (name: string): boolean => VALUE.test(name);
export const isForecastName = (name: string): boolean => FORECAST.test(name);
export const isMeasure = (name: string): boolean => MEASURE.test(name);
/** A number that is none of a value: where it is, or when. */
export const isNoValue = (name: string): boolean =>
  PLACE_OR_ID.test(name) || PART_OF_TIME.test(name) || isRowId(name);

const HOUR = new RegExp(
  '^ (time|hours|heures|stunden) $| hour |' +
    ' (hr|hh|he|h|stunde|uhr|period|interval|heure|hora) $',
);
const CLOCK = / (time|times|zeit|uhrzeit) $/;
/** A number in it may be an hour, or that of an interval of the day. */
export const isHourName = (name: string): boolean => HOUR.test(wordsOf(name));
/** What part of the day a row is of. */
export const isClockName = (name: string): boolean => isHourName(name) || CLOCK.test(wordsOf(name));
