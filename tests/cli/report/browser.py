# SPDX-License-Identifier: GPL-2.0-only
"""Opens a page in a headless Chromium and asks it things, over the pipe of the browser's
debugging protocol (no port, no library).

    browser.py PAGE.html PROGRAM.py [ARGUMENTS]

PROGRAM gets `page` (a Page) and `arguments`. What the page threw, and what its policy
refused, ends it with exit code 1.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 90


class Page:
    def __init__(self, directory):
        self.troubles = []
        self.number = 0
        self.buffer = b""
        self.events = []
        to_read, self.to_browser = os.pipe()
        self.from_browser, to_write = os.pipe()

        def descriptors():
            # 3 is read by the browser, 4 written; both may be taken at the moment.
            spare = [os.dup(to_read), os.dup(to_write)]
            os.dup2(spare[0], 3)
            os.dup2(spare[1], 4)

        self.process = subprocess.Popen(
            [shutil.which("chromium"), "--headless", "--no-sandbox", "--disable-gpu",
             "--no-first-run", "--disable-dev-shm-usage", "--disable-extensions",
             "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1400,1000",
             "--remote-debugging-pipe", f"--user-data-dir={directory}", "about:blank"],
            preexec_fn=descriptors, close_fds=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "HOME": directory, "XDG_CONFIG_HOME": directory})
        os.close(to_read)
        os.close(to_write)
        self.session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def receive(self, end):
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.from_browser], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self.from_browser, 1 << 16)
            if not data:
                raise EOFError("the browser went away")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        self.note(message)
        return message

    def note(self, message):
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.troubles.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.troubles.append(parameters["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.troubles.append("a dialog was opened")
        if method:
            self.events.append(method)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE_S
        while True:
            answer = self.receive(end)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def open(self, path):
        """Until the picture is painted. Returns the milliseconds the page counted."""
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            painted = self.ask("document.documentElement?.dataset.paintMs || "
                               "document.documentElement?.dataset.error || ''")
            if painted:
                return painted
            time.sleep(0.01)
        raise TimeoutError("nothing was painted")

    def ask(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:600])
        return answer["result"].get("value")

    def settle(self):
        self.ask("new Promise(done => requestAnimationFrame(() => "
                 "requestAnimationFrame(() => done(1))))")

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def key(self, key, text=None):
        more = {"text": text} if text else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.settle()

    def dark(self, dark):
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.settle()

    def screenshot(self, path, whole=False):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (OSError, EOFError, TimeoutError, RuntimeError):
            pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()


def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        page = Page(directory)
        try:
            page.painted_ms = page.open(sys.argv[1])
            with open(sys.argv[2]) as program:
                exec(compile(program.read(), sys.argv[2], "exec"),
                     {"page": page, "arguments": sys.argv[3:]})
        finally:
            page.close()
    for trouble in page.troubles:
        print("trouble:", trouble)
    return 1 if page.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
