// SPDX-License-Identifier: GPL-2.0-only
//
// What stands around the picture, and what mouse and keys do.

const byId = (id) => document.getElementById(id);

// Text goes in as text, whatever it holds.
function element(tag, attributes, ...children) {
  const result = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'onclick') {
      result.addEventListener('click', value);
    } else if (name === 'class') {
      result.className = value;
    } else {
      result.setAttribute(name, value);
    }
  }
  for (const child of children) {
    result.append(child instanceof Node ? child : String(child));
  }
  return result;
}

function facts(list) {
  const result = element('dl', {class: 'facts'});
  for (const [label, text] of list) {
    result.append(element('dt', {}, label), element('dd', {}, text));
  }
  return result;
}

const view = {picture: null, chosen: -1, finding: -1, hover: null, marked: [], box: null, queued: false};

function redraw() {
  if (!view.queued) {
    view.queued = true;
    requestAnimationFrame(() => {
      view.queued = false;
      draw();
    });
  }
}

function draw() {
  const begin = performance.now();
  const count = drawPicture(view.picture, view.finding);
  drawOverview(view.picture, byId('overview'));
  drawOverlay();
  byId('by-seq').setAttribute('aria-pressed', String(!view.picture.byTime));
  byId('by-time').setAttribute('aria-pressed', String(view.picture.byTime));
  byId('touched').setAttribute('aria-pressed', String(view.picture.folded));
  byId('whole').setAttribute('aria-pressed', String(!view.picture.folded));
  byId('summary').textContent = summary(count);
  if (byId('in-view').open) {
    listInView();
  }
  const data = document.documentElement.dataset;
  data.inView = String(count);
  data.drawMs = (performance.now() - begin).toFixed(1);
}

function summary(count) {
  const p = view.picture;
  const name = (x) => p.byTime ? timeText(Math.max(timeOf(D.from), x)) : `${eventName} ${number(seqOf(Math.max(D.from, Math.min(D.to - 1, Math.round(x)))))}`;
  const kinds = kindNames.map((kind, k) => [kind, kindCounts[k]]).filter(([, n]) => n).map(([kind, n]) => plural(n, kind)).join(', ');
  return `In view: ${number(count)} of ${plural(W.n, 'write')}, from ${name(p.a)} to ${name(p.b)}. In all: ${kinds || 'no writes'}, ` +
    `${plural(flushes.length, 'flush')}, ${plural(D.marks.length, 'mark')}, ${plural(findings.length, 'finding')}.` +
    (D.left_out ? ` ${plural(D.left_out, 'write')} outside of the range.` : '');
}

function outline(context, i, colour, width) {
  const p = view.picture;
  const lane = p.lanes[W.device[i]];
  if (p.x1[i] < p.a || p.x0[i] > p.b) {
    return;
  }
  clipLane(p, context, {top: lane.top - 6, height: lane.height + 12});
  const [x, y, w, h] = p.bar(i);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.strokeRect(x - 3, y - 3, w + 6, h + 6);
  context.restore();
}

function drawOverlay() {
  const p = view.picture;
  const context = byId('overlay').getContext('2d');
  context.setTransform(p.ratio, 0, 0, p.ratio, 0, 0);
  context.clearRect(0, 0, p.width, p.height);
  for (const i of view.marked) {
    outline(context, i, p.colour('--finding'), 2.5);
  }
  if (view.chosen >= 0) {
    outline(context, view.chosen, p.colour('--chosen'), 2);
  }
  if (view.hover && view.hover.write >= 0) {
    outline(context, view.hover.write, p.colour('--accent'), 2);
  }
  if (view.box) {
    const [x0, y0, x1, y1] = view.box;
    context.fillStyle = context.strokeStyle = p.colour('--accent');
    context.globalAlpha = 0.15;
    context.fillRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
    context.globalAlpha = 1;
    context.strokeRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
  }
}

const nameOf = (i) => `${kindNames[W.kind[i]]} ${number(seqOf(W.submit[i]))}`;

function choose(i) {
  view.chosen = i;
  const box = byId('chosen');
  box.hidden = i < 0;
  box.replaceChildren();
  if (i >= 0) {
    box.append(element('b', {}, nameOf(i)), facts(describeWrite(i)));
  }
}

// Brings a stretch of events into view, with some room beside it.
function bring(from, to) {
  const p = view.picture;
  const least = p.byTime ? Math.min((p.max - p.min) / 50, 5e6) : 24;
  const room = Math.max(least, (to - from) * 0.3);
  p.show(from - room, to + room);
  redraw();
}

function goTo(i) {
  const p = view.picture;
  choose(i);
  if (p.x0[i] < p.a || p.x1[i] > p.b) {
    bring(p.x0[i], Math.min(p.x1[i], p.x0[i] + (p.b - p.a)));
  }
  redraw();
}

function showFinding(index, scroll) {
  const finding = findings[index];
  view.finding = index;
  view.marked = [];
  const missing = [];
  for (const write of (finding.explanation || {}).writes || []) {
    const i = writeOfSeq(write.seq);
    (i >= 0 ? view.marked : missing).push(i >= 0 ? i : write.seq);
  }
  document.querySelectorAll('.finding').forEach((node) => node.classList.toggle('shown', node.dataset.index === String(index)));
  if (finding.cut !== undefined) {
    const at = view.picture.atCut(finding.cut);
    const starts = view.marked.map((i) => view.picture.x0[i]);
    bring(Math.min(at, ...starts), Math.max(at, ...starts));
  }
  if (scroll) {
    byId('plot').scrollIntoView({block: 'nearest'});
  }
  byId('chosen').hidden = false;
  byId('chosen').replaceChildren(element('b', {}, finding.summary), element('span', {class: 'quiet'},
    `State ${finding.id}: ${view.marked.length ? `${plural(view.marked.length, 'write')} marked in the picture` : 'the red line is its cut'}` +
    (missing.length ? `; outside of the range: ${missing.join(', ')}` : '')));
  redraw();
}

function explained(finding) {
  const {text, writes} = finding.explanation;
  const result = element('div', {class: 'explanation'}, element('pre', {}, text));
  if (writes.length) {
    const table = element('table', {}, element('tr', {}, ...[eventName, 'where', 'by', 'holds', 'covered by'].map((name) => element('th', {}, name))));
    for (const write of writes) {
      const i = writeOfSeq(write.seq);
      const known = i >= 0;
      const [pid, comm] = known ? D.submitters[W.who[i]] : [0, ''];
      table.append(element('tr', {},
        element('td', {}, known ? element('button', {type: 'button', onclick: () => goTo(i)}, number(write.seq)) : number(write.seq)),
        element('td', {}, known ? `${D.devices[W.device[i]].name}, sectors ${number(W.sector[i])} + ${number(W.sectors[i])}` : 'outside of the range'),
        element('td', {}, comm || pid ? `${comm} (${pid})` : ''), element('td', {}, write.holds || ''), element('td', {}, write.covered_by || '')));
    }
    result.append(element('div', {class: 'scroll'}, table));
  }
  return result;
}

function copied(text) {
  const pre = element('pre', {}, text);
  const button = element('button', {type: 'button', onclick: () => {
    const range = document.createRange();
    range.selectNodeContents(pre);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    button.textContent = document.execCommand('copy') ? 'copied' : 'selected';
  }}, 'copy');
  return element('div', {class: 'copy'}, pre, button);
}

function findingCard(finding, index) {
  const windows = finding.windows.slice(0, 12).join(', ') + (finding.windows.length > 12 ? ', …' : '');
  const list = [['state', finding.id]];
  if (finding.cut !== undefined) {
    list.push(['cut', finding.cut === 0 ? 'before the first event' : `right after ${eventName} ${number(finding.seq)}`]);
  }
  list.push(['stands for', `${finding.states} state${finding.states === '1' ? '' : 's'} in ${plural(finding.windows.length, 'window')}: ${windows}`]);
  list.push(['checker', finding.checker + (finding.probe === 'base' ? '' : `, probe ${finding.probe}`)]);
  if (finding.fault !== 'none') {
    list.push(['fault', finding.fault]);
  }
  if (finding.recovery_of) {
    list.push(['in the recovery of', finding.recovery_of]);
  }
  const card = element('article', {class: 'finding', 'data-index': index}, element('div', {class: 'head'}, element('h3', {}, finding.summary),
    ...(finding.cut === undefined ? [] : [element('button', {type: 'button', onclick: () => showFinding(index, true)}, 'show')])), facts(list));
  for (const [title, lines] of [['Complaints', finding.complaints], ['Lost in this state', finding.lost]]) {
    if (lines.length && !(lines.length === 1 && lines[0] === finding.summary)) {
      card.append(element('p', {class: 'quiet'}, title), element('pre', {}, lines.join('\n')));
    }
  }
  if (finding.explanation) {
    card.append(explained(finding));
  }
  if (finding.output) {
    card.append(element('details', {}, element('summary', {}, 'output of the checker'), element('pre', {}, finding.output)));
  }
  card.append(element('p', {class: 'quiet'}, 'Reproduce'), copied(finding.reproduce));
  return card;
}

// Places in `findings`, those of one cause together, as `check` prints them: by what is to
// blame where that is known, else by what the checker says.
function findingGroups() {
  const groups = new Map();
  findings.forEach((finding, i) => {
    const key = finding.cause ? `${finding.checker} ${finding.probe.split(':')[0]} ${finding.cause}` : finding.signature || `state ${i}`;
    if (!groups.has(key)) {
      groups.set(key, []);
    }
    groups.get(key).push(i);
  });
  return [...groups.values()];
}

function groupCard(group) {
  const card = findingCard(findings[group[0]], group[0]);
  if (group.length > 1) {
    const rest = element('div', {});
    const details = element('details', {class: 'rest'}, element('summary', {}, `and ${number(group.length - 1)} more of this kind`), rest);
    details.addEventListener('toggle', () => {
      if (details.open && !rest.firstChild) {
        listed(rest, group.length - 1, (k) => findingCard(findings[group[k + 1]], group[k + 1]), 20);
      }
    });
    card.append(details);
  }
  return card;
}

// Any number of children, some at a time.
function listed(node, count, make, step) {
  let shown = 0;
  const button = element('button', {type: 'button', onclick: () => more()});
  function more() {
    const end = Math.min(count, shown + step);
    for (; shown < end; ++shown) {
      node.append(make(shown));
    }
    button.hidden = shown === count;
    button.textContent = `${number(Math.min(step, count - shown))} more of ${number(count)}`;
  }
  more();
  node.after(button);
}

function fillFindings() {
  const node = byId('finding-list');
  if (!D.checks.length) {
    node.append(element('p', {class: 'quiet'}, 'No check was given. powercut check LOG --json FILE makes one, and --check FILE shows it here.'));
  } else if (!findings.length) {
    node.append(element('p', {class: 'quiet'}, D.checks.some((check) => check.outcome === 'proved') ? 'None: every permitted state is clean.' :
      'None in what was looked at; the certificate says how much that was.'));
  } else {
    const groups = findingGroups();
    byId('findings-title').textContent = `Findings (${number(findings.length)}${groups.length < findings.length ? `, of ${plural(groups.length, 'kind')}` : ''})`;
    listed(node, groups.length, (k) => groupCard(groups[k]), 20);
  }
}

function fillChecks() {
  for (const check of D.checks) {
    const what = check.kind === 'mutations' ? 'Barrier mutation, each flush ignored in turn' : 'Check';
    const how = ['range', 'model', 'checker'].map((name) => (check.rows.find(([label]) => label === name) || ['', ''])[1]);
    byId('verdicts').append(element('p', {class: 'verdict', 'data-outcome': check.outcome, role: 'status'}, check.verdict,
      element('small', {}, `${what}: ${how.join('; ')}`)));
    byId('certificates').append(element('h3', {}, what), facts([...check.rows, ['verdict', check.verdict]]));
  }
  if (!D.checks.length) {
    byId('certificates').append(element('p', {class: 'quiet'}, 'Nothing was decided here: this page shows what was recorded.'));
  }
  byId('certificates').append(element('h3', {}, 'Log'), facts([['log', D.log], ['what', D.description], ['digest', D.digest],
    ['range', D.range], ['durable by', D.model], ['end', D.end]]));
}

function fillBarriers() {
  const table = byId('barriers');
  const all = [];
  for (let i = 0; i < B.n; ++i) {
    if (!B.fua[i] || byId('with-fua').checked) {
      all.push(i);
    }
  }
  const mutated = mutationOf.size > 0;
  const head = element('tr', {}, ...[['barrier'], [eventName, 'number'], ['device'], ['made durable', 'number'], ['took', 'number'],
    ...(mutated ? [['without it']] : [])].map(([name, kind]) => element('th', kind ? {class: kind} : {}, name)));
  table.replaceChildren(head);
  const button = byId('more-barriers');
  let shown = 0;
  button.onclick = () => {
    const end = Math.min(all.length, shown + (shown ? 100 : 25));
    for (; shown < end; ++shown) {
      table.append(barrierRow(all[shown], mutated));
    }
    button.hidden = shown === all.length;
    button.textContent = `${number(Math.min(100, all.length - shown))} more of ${number(all.length)}`;
  };
  button.onclick();
}

function barrierRow(i, mutated) {
  const mutation = B.fua[i] ? undefined : mutationOf.get(B.number[i]);
  const show = () => {
    const p = view.picture;
    bring(p.at(B.submit[i]), p.at(Math.min(B.complete[i], D.to - 1)));
    byId('plot').scrollIntoView({block: 'nearest'});
  };
  return element('tr', {class: mutation && mutation.carries_weight ? 'weight' : ''},
    element('td', {}, element('button', {type: 'button', onclick: show}, barrierName(i))), element('td', {class: 'number'}, number(seqOf(B.submit[i]))),
    element('td', {}, D.devices[B.device[i]].name), element('td', {class: 'number'}, number(B.durable[i])),
    element('td', {class: 'number'}, tookText(i)), ...(mutated ? [element('td', {}, mutation ? mutation.verdict : B.fua[i] ? '' : 'not tried')] : []));
}

function listInView() {
  const kMost = 200;
  const p = view.picture;
  const rows = [];
  p.inView(p.a, p.b, (i) => rows.length < kMost && rows.push(i));
  const table = element('table', {}, element('tr', {}, ...[eventName, 'kind', 'device', 'sector', 'sectors', 'by', 'durable'].map((name) => element('th', {}, name))));
  for (const i of rows) {
    const [pid, comm] = D.submitters[W.who[i]];
    table.append(element('tr', {}, element('td', {}, element('button', {type: 'button', onclick: () => goTo(i)}, number(seqOf(W.submit[i])))),
      ...[kindNames[W.kind[i]], D.devices[W.device[i]].name, number(W.sector[i]), number(W.sectors[i]), `${comm} ${pid || ''}`, durableText(i)]
        .map((text) => element('td', {}, text))));
  }
  byId('in-view').lastElementChild.replaceChildren(element('div', {class: 'scroll'}, table),
    element('p', {class: 'quiet'}, rows.length === kMost ? `The first ${kMost}; zoom in for others.` : ''));
}

function fillLegend() {
  const kinds = kindNames.map((name, kind) => [name, kindColours[kind], 'bar', W.kind.includes(kind)]);
  const flagged = (flag) => W.flags.some((flags) => flags & flag);
  const entries = [...kinds, ['flush: sent to completed', '--flush', 'flush', flushes.length > 0], ['durable by FUA', '--fua', 'dashes', W.kind.includes(1)],
    ['mark', '--mark', 'mark', D.marks.length > 0], ['finding, at its cut', '--finding', 'mark', findings.length > 0],
    ['failed', '--finding', 'cross', flagged(kFailed)], ['changed in flight', '--unstable', 'frame', flagged(kUnstable)],
    ['every second epoch', '--epoch', 'bar', flushes.length > 1], ['nothing written there', '--gap', 'bar', view.picture.lanes.some((lane) => lane.pieces.length > 1)]];
  byId('legend').replaceChildren();
  for (const [name, colour, sign, there] of entries) {
    if (there) {
      byId('legend').append(element('span', {}, legendSign(colour, sign), name));
    }
  }
}

function legendSign(colour, sign) {
  const canvas = element('canvas', {width: 44, height: 28, 'aria-hidden': 'true'});
  const context = canvas.getContext('2d');
  context.scale(2, 2);
  context.fillStyle = context.strokeStyle = view.picture.colour(colour);
  context.lineWidth = 1.5;
  if (sign === 'bar') {
    context.fillRect(2, 4, 18, 7);
    context.strokeStyle = view.picture.colour('--line');
    context.lineWidth = 0.5;
    context.strokeRect(2, 4, 18, 7);
  } else if (sign === 'flush') {
    context.globalAlpha = 0.2;
    context.fillRect(4, 0, 12, 14);
    context.globalAlpha = 1;
    vertical(context, 16, 0, 14);
  } else if (sign === 'dashes') {
    context.setLineDash([3, 3]);
    vertical(context, 11, 0, 14);
  } else if (sign === 'mark') {
    context.beginPath();
    context.moveTo(6, 3);
    context.lineTo(16, 3);
    context.lineTo(11, 11);
    context.fill();
  } else if (sign === 'cross') {
    context.beginPath();
    context.moveTo(7, 3);
    context.lineTo(15, 11);
    context.moveTo(15, 3);
    context.lineTo(7, 11);
    context.stroke();
  } else {
    context.setLineDash([2, 2]);
    context.strokeRect(4, 3, 14, 8);
  }
  return canvas;
}

function fillHead() {
  const name = D.log.split('/').pop();
  byId('log').textContent = name;
  document.title = `${name} – powercut report`;
  byId('about').textContent = `${D.description}, digest ${D.digest}; ${D.range}`;
  byId('picture').setAttribute('aria-label', `Timeline of ${name}: ${plural(W.n, 'write')}, ${plural(flushes.length, 'flush')} on ${plural(D.devices.length, 'device')}`);
  const bytes = W.sectors.reduce((sum, sectors, i) => sum + (W.kind[i] < 3 ? sectors : 0), 0) * kSector;
  const written = bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MiB` : `${(bytes / 1024).toFixed(1)} KiB`;
  const pending = W.durable.reduce((sum, durable) => sum + (durable === kNever ? 1 : 0), 0);
  for (const [value, label] of [[number(W.n), 'writes'], [written, 'written'], [number(flushes.length), 'flushes'],
    [number(B.n - flushes.length), 'FUA writes'], [number(D.marks.length), 'marks'], [number(pending), 'never durable'],
    ...(D.checks.length ? [[number(findings.length), 'findings']] : [])]) {
    byId('tiles').append(element('div', {class: 'tile'}, element('b', {}, value), element('span', {}, label)));
  }
  byId('warnings').hidden = !D.warnings.length;
  D.warnings.forEach((warning) => byId('warnings').append(element('li', {}, warning)));
}
