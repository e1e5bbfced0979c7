// SPDX-License-Identifier: GPL-2.0-only
//
// Mouse, keys, buttons, and the start of the page.

function place(event) {
  const box = byId('picture').getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function tip(x, y, title, list) {
  const node = byId('tip');
  node.hidden = title === null;
  if (title === null) {
    return;
  }
  node.replaceChildren(element('b', {}, title), facts(list));
  const width = node.offsetWidth;
  const height = node.offsetHeight;
  node.style.left = `${Math.max(0, x + 16 + width > view.picture.width ? x - width - 16 : x + 16)}px`;
  node.style.top = `${Math.max(0, Math.min(y + 14, view.picture.height - height))}px`;
}

function hover(event) {
  const p = view.picture;
  const [x, y] = place(event);
  const lane = p.laneAt(y);
  const write = lane && x >= p.left ? p.hit(x, y) : -1;
  const line = write < 0 && x >= p.left ? p.hitLine(x, y) : null;
  view.hover = {write, line};
  if (write >= 0) {
    tip(x, y, nameOf(write), describeWrite(write));
  } else if (line && line.kind === 'mark') {
    const [pos, text] = D.marks[line.index];
    tip(x, y, `mark ${text.slice(0, 300)}`, [[eventName, number(seqOf(pos))], ...(events.time ? [['time', timeText(timeOf(pos))]] : [])]);
  } else if (line && line.kind === 'finding') {
    const finding = findings[line.index];
    tip(x, y, 'finding', [['what', finding.summary], ['state', finding.id]]);
  } else if (line) {
    tip(x, y, barrierName(line.index), describeBarrier(line.index));
  } else {
    tip(x, y, null);
  }
  drawOverlay();
}

const drag = {kind: null, x: 0, y: 0, a: 0, b: 0, lane: null};

function dragBegins(event) {
  const p = view.picture;
  const [x, y] = place(event);
  if (event.button > 1 || x < p.left) {
    return;
  }
  Object.assign(drag, {kind: event.button === 1 || event.shiftKey ? 'pan' : 'box', x, y, a: p.a, b: p.b, lane: p.laneAt(y)});
  drag.v = drag.lane ? [drag.lane.v0, drag.lane.v1] : [0, 1];
  byId('picture').setPointerCapture(event.pointerId);
}

function dragMoves(event) {
  const p = view.picture;
  const [x, y] = place(event);
  if (drag.kind === 'pan') {
    const step = (drag.x - x) / (p.right - p.left) * (drag.b - drag.a);
    p.show(drag.a + step, drag.b + step);
    if (drag.lane) {
      const rise = (y - drag.y) / drag.lane.height * (drag.v[1] - drag.v[0]);
      p.zoomSpace(drag.lane, drag.v[0] + rise, drag.v[1] + rise);
    }
    redraw();
  } else if (drag.kind === 'box' && Math.hypot(x - drag.x, y - drag.y) > 4) {
    const flat = Math.abs(y - drag.y) < 24 || !drag.lane;
    const top = flat ? kRail : drag.y;
    view.box = [drag.x, top, Math.max(p.left, Math.min(x, p.right)), flat ? p.bottom : Math.max(drag.lane.top, Math.min(y, drag.lane.top + drag.lane.height))];
    view.box.flat = flat;
    tip(0, 0, null);
    drawOverlay();
  } else if (!drag.kind) {
    hover(event);
  }
}

function dragEnds() {
  const p = view.picture;
  if (drag.kind === 'box' && view.box) {
    const [x0, y0, x1, y1] = view.box;
    if (Math.abs(x1 - x0) > 4) {
      const [a, b] = [p.xAt(Math.min(x0, x1)), p.xAt(Math.max(x0, x1))];
      if (!view.box.flat) {
        const lane = drag.lane;
        const share = (y) => lane.v0 + (lane.v1 - lane.v0) * (1 - (y - lane.top) / lane.height);
        p.zoomSpace(lane, share(Math.max(y0, y1)), share(Math.min(y0, y1)));
      }
      p.show(a, b);
    }
  } else if (drag.kind === 'box') {
    const write = p.hit(drag.x, drag.y);
    const line = write < 0 ? p.hitLine(drag.x, drag.y) : null;
    if (line && line.kind === 'finding') {
      showFinding(line.index, false);
    } else {
      choose(write);
    }
  }
  drag.kind = null;
  view.box = null;
  redraw();
}

function wheel(event) {
  const p = view.picture;
  const [x, y] = place(event);
  const out = event.deltaY > 0;
  const factor = out ? 1.25 : 0.8;
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    p.pan(Math.sign(event.deltaX || event.deltaY) * 0.08);
  } else if (event.altKey) {
    const lane = p.laneAt(y);
    if (lane) {
      const share = lane.v0 + (lane.v1 - lane.v0) * (1 - (y - lane.top) / lane.height);
      p.zoomSpace(lane, share - (share - lane.v0) * factor, share + (lane.v1 - share) * factor);
    }
  } else if (out && p.b - p.a >= (p.max - p.min) * 0.9999) {
    return;  // all is in view: the page may scroll
  } else {
    p.zoom(factor, p.xAt(Math.max(p.left, x)));
  }
  event.preventDefault();
  redraw();
}

function nextWrite(step) {
  let i = view.chosen + step;
  if (view.chosen < 0) {
    i = -1;
    view.picture.inView(view.picture.a, view.picture.b, (one) => {
      if (i < 0) {
        i = one;
      }
    });
  }
  if (i >= 0 && i < W.n) {
    goTo(i);
  }
}

function key(event) {
  const p = view.picture;
  const lift = (step) => p.lanes.forEach((lane) => {
    const span = lane.v1 - lane.v0;
    p.zoomSpace(lane, lane.v0 + span * step, lane.v1 + span * step);
  });
  const actions = {
    ArrowLeft: () => p.pan(-0.15), ArrowRight: () => p.pan(0.15), ArrowUp: () => lift(0.15), ArrowDown: () => lift(-0.15),
    '+': () => p.zoom(0.6), '=': () => p.zoom(0.6), '-': () => p.zoom(1 / 0.6), '0': () => p.reset(), Home: () => p.show(p.min, p.min + p.b - p.a),
    End: () => p.show(p.max - p.b + p.a, p.max), n: () => nextWrite(1), p: () => nextWrite(-1), t: () => setAxis(!p.byTime),
    f: () => findings.length && showFinding((view.finding + 1) % findings.length, false), Escape: () => {
      choose(-1);
      view.marked = [];
      view.finding = -1;
    },
  };
  if (actions[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
    actions[event.key]();
    event.preventDefault();
    redraw();
  }
}

function setAxis(byTime) {
  const p = view.picture;
  if (byTime && !events.time) {
    return;
  }
  p.byTime = byTime;
  p.place();
  p.show(p.min, p.max);
  redraw();
}

function setSpace(folded) {
  view.picture.folded = folded;
  view.picture.placeSpace();
  fillLegend();
  redraw();
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  if (view.picture) {
    view.picture.readColours();
    fillLegend();
    redraw();
  }
}

function find() {
  const seq = Number(byId('goto').value.replace(/[^0-9]/g, ''));
  const write = writeOfSeq(seq);
  if (write >= 0) {
    goTo(write);
  } else {
    choose(-1);
    bring(view.picture.at(posOfSeq(seq)), view.picture.at(posOfSeq(seq)));
  }
}

function overviewDrag(event) {
  if (event.buttons & 1) {
    const p = view.picture;
    const x = event.clientX - byId('overview').getBoundingClientRect().left;
    const at = p.min + (x - p.left) / (p.right - p.left) * (p.max - p.min);
    p.show(at - (p.b - p.a) / 2, at + (p.b - p.a) / 2);
    redraw();
  }
}

function listen() {
  const canvas = byId('picture');
  canvas.addEventListener('pointerdown', dragBegins);
  canvas.addEventListener('pointermove', dragMoves);
  canvas.addEventListener('pointerup', dragEnds);
  canvas.addEventListener('pointerleave', () => {
    view.hover = null;
    tip(0, 0, null);
    drawOverlay();
  });
  canvas.addEventListener('dblclick', () => {
    view.picture.reset();
    redraw();
  });
  canvas.addEventListener('wheel', wheel, {passive: false});
  canvas.addEventListener('keydown', key);
  byId('overview').addEventListener('pointerdown', overviewDrag);
  byId('overview').addEventListener('pointermove', overviewDrag);
  const buttons = {
    'by-seq': () => setAxis(false), 'by-time': () => setAxis(true), touched: () => setSpace(true), whole: () => setSpace(false),
    'zoom-in': () => view.picture.zoom(0.6), 'zoom-out': () => view.picture.zoom(1 / 0.6), reset: () => view.picture.reset(),
    theme: () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'),
  };
  for (const [id, action] of Object.entries(buttons)) {
    byId(id).addEventListener('click', () => {
      action();
      redraw();
    });
  }
  byId('goto').addEventListener('change', find);
  byId('with-fua').addEventListener('change', fillBarriers);
  byId('in-view').addEventListener('toggle', redraw);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', () => setTheme(dark.matches ? 'dark' : 'light'));
  addEventListener('resize', () => {
    view.picture.resize();
    redraw();
  });
}

setTheme(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
view.picture = new Picture(byId('picture'));
byId('by-time').disabled = !events.time;
byId('by-time').title = events.time ? '' : 'this log has no times';
fillHead();
fillChecks();
view.picture.resize();
fillLegend();
draw();
fillFindings();
fillBarriers();
listen();
// When the picture is on the screen, counted from the begin of the navigation.
requestAnimationFrame(() => requestAnimationFrame(() => {
  document.documentElement.dataset.paintMs = performance.now().toFixed(0);
}));
