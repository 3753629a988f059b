/**
 * Purpose: an example file for docs/make-it-yours.md, as a shop system might export it: visits per
 * hour of 50 shops, semicolons, a date and a local time of Berlin in two columns, hours left out.
 * Invariants: the same text every time; an hour without visits has no line; one shop is silent for
 * three days; two lines are no data.
 * Fails: never.
 */
const HOURS = 24 * 120;
const FIRST = Date.UTC(2025, 1, 3);
const SKIPPED = Date.UTC(2025, 2, 30, 2);
const SHOPS = 50;

let state = 1;
const uniform = () => {
  state = (state * 1103515245 + 12345) % 2147483648;
  return (state + 1) / 2147483650;
};

function poisson(mean) {
  const limit = Math.exp(-mean);
  let count = -1;
  for (let product = 1; product > limit; count++) product *= uniform();
  return Math.max(0, count);
}

const lines = ['Shop;Date;Time;Visits'];
for (let hour = 0; hour < HOURS; hour++) {
  const time = FIRST + hour * 3_600_000;
  if (time === SKIPPED) continue;
  const at = new Date(time);
  const [year, month, day] = at.toISOString().slice(0, 10).split('-');
  const weekday = { 0: 0.4, 6: 1.3 }[at.getUTCDay()] ?? 1;
  const daily = 1 + Math.sin(((at.getUTCHours() - 9) / 12) * Math.PI);
  for (let shop = 1; shop <= SHOPS; shop++) {
    const visits = poisson((3 + shop / 5) * daily * weekday);
    const isSilent = shop === 7 && hour >= 1000 && hour < 1072;
    if (visits === 0 || isSilent || uniform() < 0.02) continue;
    const name = `S${String(shop).padStart(2, '0')}`;
    lines.push(`${name};${day}.${month}.${year};${at.getUTCHours()}:00;${visits}`);
  }
}
lines.splice(1000, 0, 'S01;yesterday;9:00;3');
lines.push('Total;;;117000');
process.stdout.write(`${lines.join('\r\n')}\r\n`);
