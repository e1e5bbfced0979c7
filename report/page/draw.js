// SPDX-License-Identifier: GPL-2.0-only
//
// Draws a Picture. Text is drawn by fillText, which knows no markup.

const kFont = '11.5px system-ui, "Noto Sans", "DejaVu Sans", sans-serif';

function clipText(context, text, width) {
  if (context.measureText(text).width <= width) {
    return text;
  }
  while (text.length > 1 && context.measureText(`${text}…`).width > width) {
    text = text.slice(0, Math.max(1, Math.floor(text.length * 0.8)));
  }
  return `${text}…`;
}

function niceStep(span, most) {
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const factor of [1, 2, 5, 10]) {
    if (power * factor >= rough) {
      return power * factor;
    }
  }
  return power * 10;
}

function vertical(context, x, from, to) {
  context.beginPath();
  context.moveTo(x, from);
  context.lineTo(x, to);
  context.stroke();
}

function drawLanes(p, context) {
  for (const lane of p.lanes) {
    context.fillStyle = p.colour('--plot');
    context.fillRect(p.left, lane.top, p.right - p.left, lane.height);
    drawEpochs(p, context, lane);
    context.fillStyle = p.colour('--gap');
    for (let i = 1; i < lane.pieces.length; ++i) {
      const top = Math.max(lane.top, p.py(lane, lane.pieces[i][2]));
      const bottom = Math.min(lane.top + lane.height, p.py(lane, lane.pieces[i - 1][3]));
      if (bottom > top) {
        context.fillRect(p.left, top, p.right - p.left, Math.max(1, bottom - top));
      }
    }
    drawSectors(p, context, lane);
    context.fillStyle = p.colour('--text');
    context.font = `600 ${kFont}`;
    context.textAlign = 'left';
    context.textBaseline = 'alphabetic';
    const name = clipText(context, `${lane.device.name}`, 320);
    context.fillText(name, p.left, lane.top - 8);
    const width = context.measureText(name).width;
    context.font = kFont;
    context.fillStyle = p.colour('--quiet');
    context.fillText(`${bytesText(lane.device.bytes)}, blocks of ${lane.device.block}, ` +
        (lane.device.write_cache ? `flush domain ${lane.device.domain}` : 'no volatile cache'),
      p.left + width + 10, lane.top - 8);
  }
}

// Between two flushes of its domain: an epoch, every second one shaded.
function drawEpochs(p, context, lane) {
  const all = flushes.filter((i) => B.domain[i] === lane.device.domain && B.complete[i] < D.to);
  if (!all.length) {
    return;
  }
  context.fillStyle = p.colour('--epoch');
  const perEpoch = (p.right - p.left) / Math.max(1, all.filter((i) => {
    const x = p.at(B.complete[i]);
    return x >= p.a && x <= p.b;
  }).length);
  if (perEpoch < 4) {
    return;
  }
  for (let e = 0; e < all.length; e += 2) {
    const from = Math.max(p.left, p.px(p.at(B.complete[all[e]])));
    const to = Math.min(p.right, e + 1 < all.length ? p.px(p.at(B.complete[all[e + 1]])) : p.right);
    if (to > from) {
      context.fillRect(from, lane.top, to - from, lane.height);
    }
  }
}

function drawSectors(p, context, lane) {
  context.font = kFont;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  const places = [];
  for (const [begin, end, from, to] of lane.pieces) {
    places.push([begin, from]);
    const room = Math.abs(p.py(lane, to) - p.py(lane, from));
    if (room > 60) {
      const step = Math.max(8, niceStep(end - begin, room / 44));
      for (let at = Math.ceil((begin + step / 3) / step) * step; at < end - step / 3; at += step) {
        places.push([at, from + (to - from) * (at - begin) / (end - begin)]);
      }
    }
    places.push([end, to]);
  }
  let last = Infinity;
  for (const [sector, share] of places) {
    const y = p.py(lane, share);
    if (y < lane.top - 1 || y > lane.top + lane.height + 1 || last - y < 13) {
      continue;
    }
    last = y;
    context.fillStyle = p.colour('--quiet');
    context.fillText(number(sector), p.left - 8, y);
    context.strokeStyle = p.colour('--line');
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(p.left - 4, Math.round(y) + 0.5);
    context.lineTo(p.left, Math.round(y) + 0.5);
    context.stroke();
  }
}

function drawAxis(p, context) {
  context.font = kFont;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  const most = (p.right - p.left) / 110;
  const low = p.byTime ? p.a : seqOf(Math.max(D.from, Math.ceil(p.a)));
  const high = p.byTime ? p.b : seqOf(Math.min(D.to, Math.floor(p.b)));
  const step = Math.max(1, niceStep(Math.max(high - low, 1), most));
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) {
    const x = Math.round(p.px(p.byTime ? at : posOfSeq(at))) + 0.5;
    if (x < p.left || x > p.right) {
      continue;
    }
    context.strokeStyle = p.colour('--line');
    context.lineWidth = 1;
    for (const lane of p.lanes) {
      vertical(context, x, lane.top, lane.top + lane.height);
    }
    context.fillStyle = p.colour('--quiet');
    const label = p.byTime ? timeText(at, step) : number(at);
    const half = context.measureText(label).width / 2;
    context.fillText(label, Math.max(p.left + half, Math.min(x, p.right - half)), p.bottom + 7);
  }
  context.textAlign = 'right';
  context.fillStyle = p.colour('--text');
  context.fillText(p.byTime ? 'time →' : `${eventName} →`, p.left - 8, p.bottom + 7);
}

// A flush is a band from its submission to its completion, and a line where it ended.
function drawBarriers(p, context) {
  const inView = flushes.filter((i) => p.at(Math.min(B.complete[i], D.to - 1)) >= p.a && p.at(B.submit[i]) <= p.b);
  const dense = inView.length > (p.right - p.left) / 7;
  context.strokeStyle = context.fillStyle = p.colour('--flush');
  let last = -Infinity;
  for (const i of inView) {
    const lanes = p.lanes.filter((lane) => lane.device.domain === B.domain[i]);
    const from = p.px(p.at(B.submit[i]));
    const to = p.px(p.at(Math.min(B.complete[i], D.to - 1)));
    const x = Math.round(to) + 0.5;
    if (dense && x - last < 4) {
      continue;
    }
    last = x;
    const done = B.complete[i] !== kNever;
    const mutation = mutationOf.get(B.number[i]);
    context.lineWidth = mutation && mutation.carries_weight ? 2.5 : 1;
    context.setLineDash(done ? [] : [2, 3]);
    for (const lane of lanes) {
      context.globalAlpha = dense ? 0.08 : 0.12;
      context.fillRect(from, lane.top, Math.max(0, to - from), lane.height);
      context.globalAlpha = dense ? 0.3 : 0.65;
      vertical(context, x, lane.top - (dense ? 0 : 5), lane.top + lane.height);
    }
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
  drawFua(p, context);
  drawFlushNumbers(p, context, inView);
}

function drawFlushNumbers(p, context, inView) {
  if (!inView.length) {
    return;
  }
  context.font = kFont;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  context.fillStyle = p.colour('--quiet');
  let last = -Infinity;
  for (const i of inView) {
    const x = p.px(p.at(B.complete[i]));
    const label = `F${B.number[i]}`;
    const width = context.measureText(label).width;
    if (B.number[i] && x >= p.left && x <= p.right && x - width / 2 > last) {
      context.fillText(label, x, p.bottom + 23);
      last = x + width / 2 + 6;
    }
  }
}

// A FUA write is a barrier for itself: a line in its lane, where there is room for lines.
function drawFua(p, context) {
  const own = [];
  for (let i = 0; i < B.n; ++i) {
    if (B.fua[i] && B.complete[i] < D.to && p.at(B.complete[i]) >= p.a && p.at(B.complete[i]) <= p.b) {
      own.push(i);
    }
  }
  if (own.length > (p.right - p.left) / 9) {
    return;
  }
  context.strokeStyle = p.colour('--fua');
  context.lineWidth = 1;
  context.globalAlpha = 0.6;
  context.setLineDash([3, 3]);
  for (const i of own) {
    const lane = p.lanes[B.device[i]];
    vertical(context, Math.round(p.px(p.at(B.complete[i]))) + 0.5, lane.top, lane.top + lane.height);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function clipLane(p, context, lane) {
  context.save();
  context.beginPath();
  context.rect(p.left, lane.top - 1, p.right - p.left, lane.height + 2);
  context.clip();
}

// Bars, with the signs of what is not as usual.
function drawBars(p, context, list) {
  for (const lane of p.lanes) {
    clipLane(p, context, lane);
    for (const i of list) {
      if (W.device[i] !== lane.index) {
        continue;
      }
      const [x, y, width, height] = p.bar(i);
      context.fillStyle = p.colour(kindColours[W.kind[i]]);
      context.globalAlpha = W.kind[i] === 3 ? 0.45 : 0.92;
      context.fillRect(x, y, width, height);
      context.globalAlpha = 1;
      if (width > 6 && height > 5) {
        context.strokeStyle = p.colour('--plot');
        context.lineWidth = 0.75;
        context.strokeRect(x, y, width, height);
      }
      if (W.flags[i] & (kFailed | kUnstable)) {
        drawSign(p, context, x, y, width, height, W.flags[i]);
      }
    }
    context.restore();
  }
}

// Failed: a cross. Unstable: an outline of dashes.
function drawSign(p, context, x, y, width, height, flags) {
  context.lineWidth = 1.5;
  if (flags & kFailed) {
    const [cx, cy] = [x + width / 2, y + height / 2];
    // With a rim, to be seen on every colour.
    for (const [colour, thick] of [['--plot', 5], ['--finding', 2]]) {
      context.strokeStyle = p.colour(colour);
      context.lineWidth = thick;
      context.beginPath();
      context.moveTo(cx - 4, cy - 4);
      context.lineTo(cx + 4, cy + 4);
      context.moveTo(cx + 4, cy - 4);
      context.lineTo(cx - 4, cy + 4);
      context.stroke();
    }
    context.lineWidth = 1.5;
  }
  if (flags & kUnstable) {
    context.strokeStyle = p.colour('--unstable');
    context.setLineDash([2, 2]);
    context.strokeRect(x - 1.5, y - 1.5, width + 3, height + 3);
    context.setLineDash([]);
  }
}

// One pass, a few pixels a write.
function drawPixels(p, context, list) {
  const ratio = p.ratio;
  const width = Math.max(1, Math.round((p.right - p.left) * ratio));
  for (const lane of p.lanes) {
    const height = Math.max(1, Math.round(lane.height * ratio));
    p.layer.width = width;
    p.layer.height = height;
    const layer = p.layer.getContext('2d');
    const image = layer.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const xScale = width / (p.b - p.a);
    const yScale = height / (lane.v1 - lane.v0);
    const thick = Math.round(2 * ratio);
    for (let k = 0; k < list.length; ++k) {
      const i = list[k];
      if (W.device[i] !== lane.index) {
        continue;
      }
      const left = Math.round((p.x0[i] - p.a) * xScale);
      const right = Math.min(width, Math.max(Math.round((p.x1[i] - p.a) * xScale), left + thick));
      const bottom = Math.round(height - (p.y0[i] - lane.v0) * yScale);
      const top = Math.max(0, Math.min(Math.round(height - (p.y1[i] - lane.v0) * yScale), bottom - thick));
      const value = p.pixels[W.kind[i]];
      const low = Math.min(bottom, height);
      // Mostly a few pixels: a call of fill() would cost more than it does.
      const begin = Math.max(0, left);
      for (let y = top; y < low; ++y) {
        for (let at = y * width + begin, end = y * width + right; at < end; ++at) {
          pixels[at] = value;
        }
      }
    }
    layer.putImageData(image, 0, 0);
    context.drawImage(p.layer, p.left, lane.top, p.right - p.left, lane.height);
  }
}

function drawMarks(p, context) {
  context.font = kFont;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  let ends = -Infinity;
  let last = -Infinity;
  for (const [pos, text] of D.marks) {
    const x = Math.round(Math.max(p.left, p.px(p.at(pos)))) + 0.5;
    if (p.at(pos) < p.a - (p.b - p.a) * 0.01 || p.at(pos) > p.b || x - last < 2) {
      continue;
    }
    last = x;
    context.strokeStyle = context.fillStyle = p.colour('--mark');
    context.lineWidth = 1;
    context.globalAlpha = 0.55;
    context.setLineDash([1, 3]);
    vertical(context, x, 22, p.bottom);
    context.setLineDash([]);
    context.globalAlpha = 1;
    context.beginPath();
    context.moveTo(x - 4, 20);
    context.lineTo(x + 4, 20);
    context.lineTo(x, 26);
    context.fill();
    const label = clipText(context, text.replace(/[\u0000-\u001f]/g, ' ').slice(0, 200), 150);
    const width = context.measureText(label).width;
    const from = Math.min(x + 6, p.right - width);
    if (from > ends) {
      context.fillText(label, from, 13);
      ends = from + width + 8;
    }
  }
}

function drawFindings(p, context, chosen) {
  findings.forEach((finding, index) => {
    if (finding.cut === undefined) {
      return;
    }
    const at = p.atCut(finding.cut);
    const x = Math.round(p.px(at)) + 0.5;
    if (at < p.a || at > p.b) {
      return;
    }
    context.strokeStyle = context.fillStyle = p.colour('--finding');
    context.lineWidth = index === chosen ? 3 : 1.5;
    vertical(context, x, 40, p.bottom);
    context.beginPath();
    context.moveTo(x, 46);
    context.lineTo(x - 6, 34);
    context.lineTo(x + 6, 34);
    context.fill();
  });
}

// Returns how many writes are in view.
function drawPicture(p, chosenFinding) {
  const context = p.canvas.getContext('2d');
  context.setTransform(p.ratio, 0, 0, p.ratio, 0, 0);
  context.clearRect(0, 0, p.width, p.height);
  drawLanes(p, context);
  drawAxis(p, context);
  context.save();
  context.beginPath();
  context.rect(p.left - 1, 0, p.right - p.left + 2, p.height);
  context.clip();
  drawBarriers(p, context);
  const list = p.collect();
  p.leastTall = list.length < 500 ? 5 : 3;
  if (list.length > kBars) {
    drawPixels(p, context, list);
    // What is not as usual is seen among ever so many.
    drawBars(p, context, list.filter((i) => W.flags[i] & (kFailed | kUnstable)).slice(0, kBars));
  } else {
    drawBars(p, context, list);
  }
  drawMarks(p, context);
  drawFindings(p, context, chosenFinding);
  context.restore();
  return list.length;
}

// All of the log, a hair high, with a frame around what is in view.
function drawOverview(p, canvas) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = Math.round(width * p.ratio);
  canvas.height = Math.round(height * p.ratio);
  const context = canvas.getContext('2d');
  context.setTransform(p.ratio, 0, 0, p.ratio, 0, 0);
  context.fillStyle = p.colour('--plot');
  context.fillRect(p.left, 0, p.right - p.left, height);
  const bins = Math.max(1, Math.floor((p.right - p.left) / 3));
  if (!p.histogram || p.histogram.bins !== bins || p.histogram.byTime !== p.byTime) {
    const counts = new Float64Array(bins);
    for (let i = 0; i < W.n; ++i) {
      const bin = Math.floor((p.x0[i] - p.min) / (p.max - p.min) * bins);
      counts[Math.max(0, Math.min(bins - 1, bin))] += 1;
    }
    p.histogram = {bins, byTime: p.byTime, counts, most: Math.max(1, counts.reduce((a, b) => Math.max(a, b), 0))};
  }
  context.fillStyle = p.colour('--write');
  context.globalAlpha = 0.8;
  p.histogram.counts.forEach((count, bin) => {
    if (count) {
      const tall = Math.max(1.5, Math.log1p(count) / Math.log1p(p.histogram.most) * (height - 6));
      context.fillRect(p.left + bin * (p.right - p.left) / bins, height - tall, Math.max(1, (p.right - p.left) / bins - 0.5), tall);
    }
  });
  context.globalAlpha = 1;
  context.fillStyle = p.colour('--finding');
  const scale = (p.right - p.left) / (p.max - p.min);
  for (const finding of findings) {
    if (finding.cut !== undefined) {
      context.fillRect(p.left + (p.atCut(finding.cut) - p.min) * scale - 1, 0, 2, height);
    }
  }
  context.strokeStyle = p.colour('--accent');
  context.lineWidth = 1.5;
  const from = p.left + (p.a - p.min) * scale;
  context.fillStyle = p.colour('--accent');
  context.globalAlpha = 0.1;
  context.fillRect(from, 0, (p.b - p.a) * scale, height);
  context.globalAlpha = 1;
  context.strokeRect(from + 0.75, 0.75, Math.max(3, (p.b - p.a) * scale) - 1.5, height - 1.5);
}
