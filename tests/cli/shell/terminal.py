#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Types into `powercut shell` on a pseudo-terminal and looks at what comes back.

terminal.py POWERCUT LOG ACTION...    an action is one of
  type:TEXT     types it; \\t, \\n, \\x03, ... are as in Python
  see:TEXT      waits until the terminal has shown it, behind what was seen before
  signal:NAME   sends a signal to the shell
  hangup        closes the terminal
  end:CODE      waits for its end and its exit code (negative: a signal); 0/130: either
"""
import os
import pty
import select
import signal
import sys
import time

PATIENCE = 30  # seconds; a busy machine is slow


def fail(message, seen):
    sys.stderr.write("terminal.py: %s\nthe terminal showed: %r\n" % (message, seen[-2000:]))
    sys.exit(1)


def main():
    powercut, log, actions = sys.argv[1], sys.argv[2], sys.argv[3:]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(powercut, [powercut, "shell", log])
    seen, at = b"", 0
    for action in actions:
        verb, _, text = action.partition(":")
        text = text.encode().decode("unicode_escape").encode("latin-1")
        if verb == "type":
            os.write(fd, text)
        elif verb == "signal":
            os.kill(pid, getattr(signal, text.decode()))
        elif verb == "hangup":
            os.close(fd)
            fd = None
        elif verb == "see":
            end = time.monotonic() + PATIENCE
            while text not in seen[at:]:
                if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
                    fail("never saw %r" % text, seen[at:])
                try:
                    got = os.read(fd, 65536)
                except OSError:
                    got = b""
                if not got:
                    fail("the end came before %r" % text, seen[at:])
                seen += got
            at = seen.index(text, at) + len(text)
        elif verb == "end":
            end = time.monotonic() + PATIENCE
            while True:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    break
                if time.monotonic() > end:
                    os.kill(pid, signal.SIGKILL)
                    fail("it did not end", seen[at:])
                if fd is not None and select.select([fd], [], [], 0.05)[0]:
                    try:
                        seen += os.read(fd, 65536)
                    except OSError:
                        pass
            code = os.waitstatus_to_exitcode(status)
            if str(code) not in text.decode().split("/"):
                fail("exit code %d, not %s" % (code, text.decode()), seen[at:])
        else:
            sys.exit("terminal.py: what is %s?" % action)


main()
