# SPDX-License-Identifier: GPL-2.0-only
# Looks at a page as a user would; see browser.py. Arguments: words that say what the page
# must have: "findings", "explanation", "times".

def fail(text):
    page.troubles.append(text)


def check(true, text):
    if not true:
        fail(text)


def coloured():
    """Pixels of the picture that have the colour of a kind of write."""
    return page.ask("""(() => {
      const canvas = document.getElementById('picture');
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      const wanted = kindColours.map((name) => parseInt(view.picture.colour(name).slice(1), 16));
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        for (const rgb of wanted) {
          const away = Math.abs(data[i] - (rgb >> 16)) + Math.abs(data[i + 1] - (rgb >> 8 & 255)) +
            Math.abs(data[i + 2] - (rgb & 255));
          if (away < 60) {
            ++count;
            break;
          }
        }
      }
      return count;
    })()""")


def span():
    return page.ask("view.picture.b - view.picture.a")


page.call("Emulation.setDeviceMetricsOverride", width=1400, height=1000,
          deviceScaleFactor=1, mobile=False)
page.settle()
for dark in (False, True):
    page.dark(dark)
    check(page.ask("document.documentElement.dataset.theme") == ("dark" if dark else "light"),
          "the page does not follow the preferred colours")
    check(coloured() > 50, "nothing was drawn")
page.ask("document.getElementById('theme').click()")
check(page.ask("document.documentElement.dataset.theme") == "light", "the toggle does nothing")

# Over the first write that is in view, for what a hover and a click tell.
x, y = page.ask("""(() => {
  document.getElementById('plot').scrollIntoView();
  const box = document.getElementById('picture').getBoundingClientRect();
  const [left, top, width, height] = view.picture.bar(0);
  return [box.left + left + Math.min(width, 6) / 2, box.top + top + height / 2];
})()""")
page.mouse("mouseMoved", x, y)
page.settle()
check(page.ask("!document.getElementById('tip').hidden"), "no tip over a write")
check("durable" in page.ask("document.getElementById('tip').textContent"),
      "the tip does not say what made the write durable")
page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
page.mouse("mouseReleased", x, y, button="left", clickCount=1)
page.settle()
check(page.ask("view.chosen >= 0 && !document.getElementById('chosen').hidden"),
      "a click chooses nothing")

whole = span()
page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-120)
page.settle()
zoomed = span()
check(zoomed < whole, "the wheel does not zoom")
page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
page.mouse("mouseMoved", x + 200, y, button="left", buttons=1)
page.mouse("mouseReleased", x + 200, y, button="left", clickCount=1)
page.settle()
check(span() < zoomed, "a drag does not zoom")
page.ask("document.getElementById('picture').focus()")
page.key("0", "0")
check(abs(span() - whole) < 1e-6 * whole, "the key 0 does not show all")
page.key("+", "+")
check(span() < whole, "the key + does not zoom")
before = page.ask("view.picture.a")
page.key("ArrowRight")
check(page.ask("view.picture.a") > before, "the key to the right does not move")
before = page.ask("view.chosen")
page.key("n", "n")
check(page.ask("view.chosen") == before + 1, "the key n does not go to the next write")
page.key("0", "0")
page.ask("document.getElementById('whole').click()")
page.settle()
check(coloured() > 20, "nothing is drawn on the whole device")
page.ask("document.getElementById('touched').click()")
page.ask("document.getElementById('in-view').open = true")
page.settle()
page.settle()
check(page.ask("document.querySelectorAll('#in-view tr').length") > 1, "no table in words")
if "times" in arguments:
    page.ask("document.getElementById('by-time').click()")
    page.settle()
    check(page.ask("view.picture.byTime") and coloured() > 20, "nothing is drawn by time")
if "findings" in arguments:
    check(page.ask("document.querySelectorAll('.finding').length") > 0, "no finding")
    page.ask("document.querySelector('.finding button').click()")
    page.settle()
    check(page.ask("view.finding") == 0, "a finding is not shown")
    # One card for all that is of one kind; the others are below it, made when asked for.
    count, kinds, cards = page.ask(
        "[findings.length, new Set(findings.map((each) => each.signature)).size,"
        " document.querySelectorAll('#finding-list > .finding').length]")
    check(0 < kinds < count and cards == kinds, "findings of one kind are not together")
    page.ask("document.querySelector('.rest > summary').click()")
    page.settle()
    check(page.ask("document.querySelectorAll('.rest .finding').length") > 0,
          "the others of the kind are not there")
    page.ask("document.querySelector('.rest .finding button').click()")
    check(page.ask("view.finding > 0 && document.querySelectorAll('.finding.shown').length") == 1,
          "another one of a kind is not shown")
    page.ask("document.querySelector('.finding button').click()")
if "explanation" in arguments:
    check(page.ask("view.marked.length") > 0, "the writes of a finding are not marked")
    check("held by </script>" in page.ask("document.querySelector('.explanation').textContent"),
          "the explanation is not there")
check(page.ask("document.documentElement.dataset.hacked === undefined"),
      "text of the log was executed")
check(page.ask("document.querySelectorAll('img, iframe, object').length") == 0,
      "text of the log became elements")
print(f"painted: {page.ask('W.n')} writes")
sys_stderr = __import__("sys").stderr
print(f"painted {page.ask('W.n')} writes in {page.painted_ms} ms, "
      f"redrawn in {page.ask('document.documentElement.dataset.drawMs')} ms", file=sys_stderr)
