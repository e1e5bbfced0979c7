// SPDX-License-Identifier: GPL-2.0-only
//
// The data of the page, out of its columns: docs/report.md. Whatever is text here came
// out of a log or a checker; it gets onto the screen by textContent or fillText only.

'use strict';

window.addEventListener('error', (event) => {
  document.documentElement.dataset.error = String(event.message);
});

const D = JSON.parse(document.getElementById('data').textContent);
const kNever = Infinity;
const kFailed = 4;
const kUnstable = 16;
const kSector = 512;
const kindNames = ['write', 'FUA write', 'meta write', 'discard', 'write-zeroes'];
const kindColours = ['--write', '--fua', '--meta', '--discard', '--zeroes'];

// Differences, summed up.
function running(column) {
  const result = new Float64Array(column.length);
  let value = 0;
  for (let i = 0; i < column.length; ++i) {
    value += column[i];
    result[i] = value;
  }
  return result;
}

// Distances from a start; -1 is never.
function behind(column, start) {
  const result = new Float64Array(column.length);
  for (let i = 0; i < column.length; ++i) {
    result[i] = column[i] < 0 ? kNever : start[i] + column[i];
  }
  return result;
}

function decode(columns) {
  const submit = running(columns.submit);
  return {n: submit.length, submit, complete: behind(columns.complete, submit)};
}

const events = {
  first: D.events.first,
  time: D.events.time ? running(D.events.time) : null,
  seq: D.events.seq ? running(D.events.seq) : null,
};
const W = Object.assign(decode(D.writes), {
  durable: behind(D.writes.durable, running(D.writes.submit)),
  by: Int32Array.from(D.writes.by),
  sector: Float64Array.from(D.writes.sector),
  sectors: Float64Array.from(D.writes.sectors),
  device: Uint16Array.from(D.writes.device),
  kind: Uint8Array.from(D.writes.kind),
  flags: Uint8Array.from(D.writes.flags),
  who: Uint32Array.from(D.writes.who),
  epoch: running(D.writes.epoch),
});
const B = Object.assign(decode(D.barriers), {
  number: Uint32Array.from(D.barriers.number),
  durable: Uint32Array.from(D.barriers.durable),
  domain: Uint32Array.from(D.barriers.domain),
  device: Uint16Array.from(D.barriers.device),
  fua: Uint8Array.from(D.barriers.fua),
});
// What was typed is no longer needed, and is as large as the page.
D.writes = D.barriers = D.events = null;

const kindCounts = new Array(kindNames.length).fill(0);
for (let i = 0; i < W.n; ++i) {
  ++kindCounts[W.kind[i]];
}
const flushes = [];
for (let i = 0; i < B.n; ++i) {
  if (!B.fua[i]) {
    flushes.push(i);
  }
}
const findings = [];
for (const check of D.checks) {
  for (const finding of check.findings) {
    findings.push(finding);
  }
}
const mutationOf = new Map();
for (const check of D.checks) {
  for (const mutation of check.mutations || []) {
    mutationOf.set(mutation.flush, mutation);
  }
}

// The event of a position; what lies outside of the page is where the page ends.
function within(pos, column) {
  return column[Math.max(0, Math.min(column.length - 1, pos - events.first))];
}

function timeOf(pos) {
  return events.time && events.time.length ? within(pos, events.time) : 0;
}

function seqOf(pos) {
  return events.seq && events.seq.length ? within(pos, events.seq) : pos;
}

// The first position whose number is at least `seq`.
function posOfSeq(seq) {
  if (!events.seq) {
    return seq;
  }
  let low = 0;
  let high = events.seq.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events.seq[middle] < seq) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return events.first + low;
}

// The write whose submission has this number, or -1.
function writeOfSeq(seq) {
  let low = 0;
  let high = W.n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (seqOf(W.submit[middle]) < seq) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low < W.n && seqOf(W.submit[low]) === seq) {
    return low;
  }
  // The rule "wide" for format 1 does not keep the log's order.
  for (let i = 0; events.seq && i < W.n; ++i) {
    if (seqOf(W.submit[i]) === seq) {
      return i;
    }
  }
  return -1;
}

const number = (value) => Math.round(value).toLocaleString('en-US');

function plural(count, noun) {
  const many = noun.endsWith('zeroes') ? '' : /(s|sh)$/.test(noun) ? 'es' : 's';
  return `${number(count)} ${noun}${count === 1 ? '' : many}`;
}

function bytesText(bytes) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (unit + 1 < units.length && bytes >= 1024 && bytes % 1024 === 0) {
    bytes /= 1024;
    ++unit;
  }
  return `${number(bytes)} ${units[unit]}`;
}

// Nanoseconds, with as many digits as `step` needs.
function timeText(ns, step) {
  const size = Math.max(Math.abs(ns), step || 1);
  const [unit, name] = size >= 1e9 ? [1e9, 's'] : size >= 1e6 ? [1e6, 'ms'] : size >= 1e3 ? [1e3, 'µs'] : [1, 'ns'];
  const digits = step ? Math.max(0, Math.min(9, Math.ceil(-Math.log10(step / unit)))) : unit === 1 ? 0 : 3;
  return `${(ns / unit).toFixed(digits)} ${name}`;
}

const eventName = events.seq ? 'entry' : 'event';

function durableText(i) {
  if (W.durable[i] !== kNever) {
    const by = W.by[i];
    if (by < 0) {
      return W.durable[i] === W.complete[i] ? 'when it completes: the device has no volatile cache' :
                                              `at ${eventName} ${number(seqOf(W.durable[i]))}, behind the range`;
    }
    return B.fua[by] ? 'when it completes, by FUA' :
                       `by flush ${B.number[by]} (sent as ${eventName} ${number(seqOf(B.submit[by]))})`;
  }
  if (W.flags[i] & kFailed) {
    return 'never: it failed, each sector may be old or new';
  }
  if (W.complete[i] === kNever) {
    return 'never: it was in flight when the log ended';
  }
  if (W.flags[i] & kUnstable) {
    return 'never: what it holds changed in flight';
  }
  return W.kind[i] === 3 ? 'never, or without effect: a discard may do nothing' : 'never: no flush covers it';
}

// All that is known of a write: [label, text].
function describeWrite(i) {
  const submit = W.submit[i];
  const done = W.complete[i];
  const end = W.sector[i] + W.sectors[i];
  const [pid, comm] = D.submitters[W.who[i]];
  const flags = [W.kind[i] === 1 ? 'FUA' : '', W.kind[i] === 2 ? 'META' : '', W.flags[i] & kFailed ? 'FAILED' : '',
                 W.flags[i] & kUnstable ? 'UNSTABLE: its data changed in flight' : ''].filter((flag) => flag);
  if (W.kind[i] !== 2 && W.flags[i] & 2) {
    flags.push('META');
  }
  const facts = [];
  facts.push([eventName, events.seq ? number(seqOf(submit)) : `sent ${number(submit)}, ` +
    (done === kNever ? 'never completed' : `completed ${number(done)}`)]);
  if (events.time) {
    facts.push(['time', timeText(timeOf(submit)) + (done === kNever || done >= D.to ? '' : `, took ${timeText(timeOf(done) - timeOf(submit))}`)]);
  }
  facts.push(['sectors', `${number(W.sector[i])} to ${number(end - 1)}`]);
  facts.push(['bytes', `${number(W.sectors[i] * kSector)} at ${number(W.sector[i] * kSector)} (0x${(W.sector[i] * kSector).toString(16)})`]);
  facts.push(['device', `${D.devices[W.device[i]].name} (${W.device[i]})`]);
  if (pid || comm) {
    facts.push(['by', `${comm} (pid ${pid})`]);
  }
  if (flags.length) {
    facts.push(['flags', flags.join(', ')]);
  }
  facts.push(['epoch', String(W.epoch[i])]);
  facts.push(['durable', durableText(i)]);
  return facts;
}

function tookText(i) {
  if (B.complete[i] === kNever) {
    return 'did not complete';
  }
  if (B.complete[i] >= D.to) {
    return 'behind the range';
  }
  if (events.time) {
    return timeText(timeOf(B.complete[i]) - timeOf(B.submit[i]));
  }
  return plural(B.complete[i] - B.submit[i], 'event');
}

function barrierName(i) {
  if (B.fua[i]) {
    return 'FUA write';
  }
  return B.number[i] ? `flush ${B.number[i]}` : 'flush, not completed';
}

function describeBarrier(i) {
  const facts = [[eventName, number(seqOf(B.submit[i]))], ['device', `${D.devices[B.device[i]].name} (${B.device[i]})`],
                 ['made durable', plural(B.durable[i], 'write')], ['took', tookText(i)]];
  if (events.time) {
    facts.push(['time', timeText(timeOf(B.submit[i]))]);
  }
  const mutation = B.fua[i] ? undefined : mutationOf.get(B.number[i]);
  if (mutation) {
    facts.push(['without it', mutation.verdict]);
  }
  return facts;
}
