// SPDX-License-Identifier: GPL-2.0-only
//
// The picture: what is in view, and how it is drawn. Few writes are drawn as bars with
// all their signs; many are put into an image pixel by pixel, so that a log of any length
// takes one pass over what is in view.

const kGutter = 96;
const kRail = 46;  // marks and findings, above the lanes
const kAxis = 44;  // numbers of events, and of flushes
const kLaneGap = 26;
const kBlock = 256;  // writes whose extent is known as one
const kBars = 3000;  // as many are drawn as bars

class Picture {
  constructor(canvas) {
    this.canvas = canvas;
    this.byTime = D.by_time && events.time !== null;
    this.folded = true;
    this.lanes = D.devices.map((device, index) => ({device, index, v0: 0, v1: 1, top: 0, height: 0, pieces: []}));
    this.x0 = new Float64Array(W.n);
    this.x1 = new Float64Array(W.n);
    this.y0 = new Float32Array(W.n);
    this.y1 = new Float32Array(W.n);
    this.found = new Uint32Array(W.n);
    this.layer = document.createElement('canvas');
    this.readColours();
    this.place();
    this.placeSpace();
    this.reset();
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    this.colour = (name) => style.getPropertyValue(name).trim();
    const cache = {};
    for (const name of ['--plot', '--epoch', '--gap', '--line', '--text', '--quiet', '--flush', '--mark', '--finding',
                        '--unstable', '--chosen', '--card', '--accent', ...kindColours]) {
      cache[name] = this.colour(name);
    }
    this.colour = (name) => cache[name];
    // As one number a pixel holds.
    this.pixels = kindColours.map((name) => {
      const rgb = parseInt(cache[name].slice(1), 16);
      return (0xff000000 | (rgb & 0xff) << 16 | (rgb & 0xff00) | rgb >> 16) >>> 0;
    });
  }

  at(pos) {
    return this.byTime ? timeOf(pos) : pos;
  }

  // A cut lies between two events; one outside of the range at its edge.
  atCut(cut) {
    const inside = Math.max(D.from, Math.min(cut, D.to));
    return this.byTime ? timeOf(inside - 1) : inside - 0.5;
  }

  // Where on the x axis everything is; once for each of its two scales.
  place() {
    const last = Math.max(D.to - 1, D.from);
    for (let i = 0; i < W.n; ++i) {
      this.x0[i] = this.at(W.submit[i]);
      this.x1[i] = this.at(Math.min(W.complete[i], last));
    }
    const blocks = Math.ceil(W.n / kBlock);
    this.blockMin = new Float64Array(blocks).fill(Infinity);
    this.blockMax = new Float64Array(blocks).fill(-Infinity);
    for (let i = 0; i < W.n; ++i) {
      const block = Math.floor(i / kBlock);
      this.blockMin[block] = Math.min(this.blockMin[block], this.x0[i]);
      this.blockMax[block] = Math.max(this.blockMax[block], this.x1[i]);
    }
    const begin = this.at(D.from);
    const end = this.at(last);
    const edge = this.byTime ? Math.max((end - begin) * 0.01, 1) : Math.max((end - begin) * 0.005, 0.7);
    this.min = begin - edge;
    this.max = end + edge;
    this.leastTall = 3;
    this.least = this.byTime ? 200 : 2;
  }

  placeSpace() {
    for (const lane of this.lanes) {
      const sectors = Math.max(1, lane.device.bytes / kSector);
      lane.pieces = this.folded ? lane.device.pieces : [[0, sectors, 0, 1]];
      lane.v0 = 0;
      lane.v1 = 1;
    }
    for (let i = 0; i < W.n; ++i) {
      const lane = this.lanes[W.device[i]];
      this.y0[i] = this.share(lane, W.sector[i], false);
      this.y1[i] = this.share(lane, W.sector[i] + W.sectors[i], true);
    }
  }

  // Of a lane's height, from its lower end. The end of a range belongs to the range.
  share(lane, sector, isEnd) {
    const pieces = lane.pieces;
    let low = 0;
    let high = pieces.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isEnd ? pieces[middle][1] < sector : pieces[middle][1] <= sector) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const [begin, end, from, to] = pieces[low];
    const part = end > begin ? (sector - begin) / (end - begin) : 0;
    return from + (to - from) * Math.max(0, Math.min(1, part));
  }

  sectorAt(lane, share) {
    for (const [begin, end, from, to] of lane.pieces) {
      if (share <= to) {
        return share <= from || to === from ? begin : begin + (end - begin) * (share - from) / (to - from);
      }
    }
    return lane.pieces[lane.pieces.length - 1][1];
  }

  resize() {
    const width = this.canvas.parentElement.clientWidth;
    const many = this.lanes.length;
    const laneHeight = many === 1 ? Math.max(300, Math.min(460, window.innerHeight * 0.5)) : Math.max(110, 480 / many);
    let top = kRail;
    for (const lane of this.lanes) {
      lane.top = top + kLaneGap;
      lane.height = laneHeight;
      top = lane.top + laneHeight;
    }
    this.width = width;
    this.bottom = top;
    this.height = top + kAxis;
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.left = kGutter;
    this.right = width - 10;
    for (const canvas of [this.canvas, document.getElementById('overlay')]) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(this.height * this.ratio);
      canvas.style.height = `${this.height}px`;
    }
  }

  px(x) {
    return this.left + (x - this.a) / (this.b - this.a) * (this.right - this.left);
  }

  xAt(px) {
    return this.a + (px - this.left) / (this.right - this.left) * (this.b - this.a);
  }

  py(lane, share) {
    return lane.top + lane.height * (1 - (share - lane.v0) / (lane.v1 - lane.v0));
  }

  laneAt(py) {
    return this.lanes.find((lane) => py >= lane.top - 4 && py <= lane.top + lane.height + 4) || null;
  }

  reset() {
    this.a = this.min;
    this.b = this.max;
    for (const lane of this.lanes) {
      lane.v0 = 0;
      lane.v1 = 1;
    }
  }

  // To [a, b], which stays within the log.
  show(a, b) {
    let span = Math.max(this.least, Math.min(b - a, this.max - this.min));
    span = Math.min(span, this.max - this.min);
    const middle = (a + b) / 2;
    this.a = Math.max(this.min, Math.min(middle - span / 2, this.max - span));
    this.b = this.a + span;
  }

  zoom(factor, around) {
    const at = around === undefined ? (this.a + this.b) / 2 : around;
    const span = Math.max(this.least, (this.b - this.a) * factor);
    const share = (at - this.a) / (this.b - this.a);
    this.show(at - span * share, at + span * (1 - share));
  }

  pan(share) {
    const step = (this.b - this.a) * share;
    this.show(this.a + step, this.b + step);
  }

  zoomSpace(lane, from, to) {
    const least = 1e-5;
    const span = Math.max(least, Math.min(1, to - from));
    lane.v0 = Math.max(0, Math.min((from + to) / 2 - span / 2, 1 - span));
    lane.v1 = lane.v0 + span;
  }

  // Calls visit with each write in [a, b] of the x axis.
  inView(a, b, visit) {
    for (let block = 0; block < this.blockMin.length; ++block) {
      if (this.blockMin[block] > b || this.blockMax[block] < a) {
        continue;
      }
      const end = Math.min(W.n, (block + 1) * kBlock);
      for (let i = block * kBlock; i < end; ++i) {
        if (this.x0[i] <= b && this.x1[i] >= a) {
          visit(i);
        }
      }
    }
  }

  // All in view, in an array that the next call takes again.
  collect() {
    let count = 0;
    this.inView(this.a, this.b, (i) => {
      this.found[count++] = i;
    });
    return this.found.subarray(0, count);
  }

  // The bar of a write: [x, y, width, height], at least as large as one can see.
  bar(i) {
    const lane = this.lanes[W.device[i]];
    const left = this.px(this.x0[i]);
    const top = this.py(lane, this.y1[i]);
    const height = this.py(lane, this.y0[i]) - top;
    const tall = Math.max(height, this.leastTall);
    return [left - 1, top - (tall - height) / 2, Math.max(this.px(this.x1[i]) - left, 0) + 3, tall];
  }

  // The write nearest to a point, within a few pixels; the smaller one of two.
  hit(px, py) {
    const reach = (this.b - this.a) / (this.right - this.left) * 6;
    const x = this.xAt(px);
    let best = -1;
    let bestScore = Infinity;
    this.inView(x - reach, x + reach, (i) => {
      const [left, top, width, height] = this.bar(i);
      const dx = Math.max(left - px, 0, px - left - width);
      const dy = Math.max(top - py, 0, py - top - height);
      const score = Math.hypot(dx, dy) * 1e4 + Math.min(width * height, 9e3);
      if (dx <= 4 && dy <= 4 && score <= bestScore) {
        best = i;
        bestScore = score;
      }
    });
    return best;
  }

  // Flush, mark or finding near a point: {kind, index}, or null.
  hitLine(px, py) {
    let best = null;
    let distance = 5;
    const consider = (kind, index, at) => {
      const away = Math.abs(this.px(at) - px);
      if (away < distance) {
        distance = away;
        best = {kind, index};
      }
    };
    if (py < kRail) {
      D.marks.forEach((mark, index) => consider('mark', index, Math.max(this.a, this.at(mark[0]))));
    }
    if (py < kRail + kLaneGap || best === null) {
      findings.forEach((finding, index) => {
        if (finding.cut !== undefined) {
          consider('finding', index, this.atCut(finding.cut));
        }
      });
    }
    if (best === null) {
      for (const i of flushes) {
        consider('barrier', i, this.at(Math.min(B.complete[i], Math.max(D.to - 1, 0))));
      }
    }
    return best;
  }
}
