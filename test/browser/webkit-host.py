"""Shows pages in WebKitGTK, each in a window and a process of its own, all with one session's locks and channels.

It is told what to do on its standard input, and answers on its standard output, one JSON object a line:
``{"id": 1, "open": "http://..."}`` with the number of the page, ``{"id": 2, "call": 1, "name": ...,
"args": ...}`` with what the function of the page gives, ``{"id": 3, "close": 1}``, and
``{"id": 4, "gone": 1}`` once the process of the page has ended by itself. It ends with its input.
No automation of WebKit is used: that ends a whole session when the process of one page does.
"""

import json
import os
import sys
import threading

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

context = WebKit2.WebContext.new_ephemeral()
pages = []


class Page:
    """One window with one page."""

    def __init__(self, url, opened):
        self.is_gone = False
        self.when_gone = None
        self.view = WebKit2.WebView.new_with_context(context)
        self.window = Gtk.Window()
        self.window.add(self.view)
        self.view.connect("load-changed", lambda _, event: self.loaded(event, opened))
        self.view.connect("web-process-terminated", lambda *_: self.ended())
        self.window.show_all()
        self.view.load_uri(url)

    def loaded(self, event, opened):
        if event == WebKit2.LoadEvent.FINISHED:
            opened()

    def ended(self):
        self.is_gone = True
        if self.when_gone:
            self.when_gone()

    def gone(self, done):
        self.when_gone = done
        if self.is_gone:
            done()

    def call(self, script, answer):
        def called(view, result):
            try:
                value = view.call_async_javascript_function_finish(result)
                answer({"value": value.to_string() if value.is_string() else None})
            except GLib.Error as error:
                answer({"error": error.message})

        self.view.call_async_javascript_function(script, -1, None, None, None, None, called)

    def close(self, done):
        def closed(*_):
            self.window.destroy()
            done()

        self.view.connect("close", closed)
        if self.is_gone:
            closed()
        else:
            self.view.try_close()


def obey(command):
    def answer(result):
        line = json.dumps({"id": command["id"], **result}) + "\n"
        os.write(1, line.encode())

    if "open" in command:
        number = len(pages)
        pages.append(Page(command["open"], lambda: answer({"value": number})))
    elif "call" in command:
        pages[command["call"]].call(command["script"], answer)
    elif "gone" in command:
        pages[command["gone"]].gone(lambda: answer({}))
    else:
        pages[command["close"]].close(lambda: answer({}))


def listen():
    for line in sys.stdin:
        GLib.idle_add(obey, json.loads(line))
    GLib.idle_add(Gtk.main_quit)


threading.Thread(target=listen, daemon=True).start()
Gtk.main()
