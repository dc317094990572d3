# SPDX-License-Identifier: Apache-2.0
"""Reads and plays *.case files. tests/cases/README.md describes them."""
import fnmatch
import json
import re
import shlex
import time

from fault_proxy import FaultProxy
from harness import Failed, Hubsim, Ledger, record_text

SECTIONS = {"hub", "config", "steps", "log", "metrics", "said", "shown"}


class Case:
    def __init__(self, path):
        self.path = path
        self.sections = {}
        section = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("== "):
                name, _, rest = line[3:].partition(" ")
                if name not in SECTIONS or name in self.sections:
                    raise ValueError(f"{path}:{number}: a section `{name}` is not known or comes twice")
                section = self.sections[name] = []
                if rest:
                    section.append(rest)
            elif section is not None and line.strip() and not line.startswith("#"):
                if line[0] in " \t" and section:
                    section[-1] += " " + line.strip()
                else:
                    section.append(line.rstrip())
            elif section is None and line.strip() and not line.startswith("#"):
                raise ValueError(f"{path}:{number}: text before the first section")

    def lines(self, name):
        return self.sections.get(name, [])

    def hub(self):
        """Options of hubsim (the text behind `== hub`) and its rows."""
        options, rows = {"quota": "none"}, []
        for line in self.lines("hub"):
            if line.startswith("{"):
                rows.append(json.loads(expand(line)))
            else:
                for word in shlex.split(line):
                    name, _, value = word.removeprefix("--").partition("=")
                    options[name.replace("-", "_")] = value or True
        return options, rows

    def config(self):
        return dict(re.split(r"\s*=\s*", line, maxsplit=1) for line in self.lines("config"))


def expand(text):
    """<<TEXT*NUMBER>> is TEXT so many times: a large value in a short line. <<now>> is a moment of the next second."""
    text = text.replace("<<now>>", time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 1)))
    return re.sub(r"<<(.+?)\*(\d+)>>", lambda found: found[1] * int(found[2]), text)


class Play:
    def __init__(self, case, directory):
        self.case, self.shown = case, ""
        options, rows = case.hub()
        self.proxy = FaultProxy() if any(step.startswith("fault ") for step in case.lines("steps")) else None
        if self.proxy:
            options["public_url"] = self.proxy.url
        self.hub = Hubsim(rows=rows, **options)
        if self.proxy:
            self.proxy.start(self.hub.address)
        self.directory, self.options = directory, case.config()
        self.ledger = Ledger(directory, self.proxy.url if self.proxy else self.hub.url, **self.config())

    def config(self):
        """The options so far; a token becomes a file."""
        options = dict(self.options)
        if "token" in options:
            token_file = self.directory / "token"
            token_file.write_text(options.pop("token") + "\n", encoding="ascii")
            token_file.chmod(0o600)
            options["token_file"] = str(token_file)
        return options

    def close(self):
        self.hub.close()
        if self.proxy:
            self.proxy.close()

    def steps(self):
        for step in self.case.lines("steps"):
            word, _, rest = step.partition(" ")
            getattr(self, "step_" + word.replace("-", "_"))(rest)

    # --- steps

    def step_once(self, status):
        """relicensed --once; its exit status"""
        self.ledger.once(status=int(status or 0))

    def step_rows(self, rows):
        """rows that change on the Hub now, each a JSON object"""
        decoder, at, text = json.JSONDecoder(), 0, expand(rows)
        while at < len(text):
            row, at = decoder.raw_decode(text, at)
            self.hub.post_rows(row)
            at += len(text[at:]) - len(text[at:].lstrip())

    def step_delete(self, words):
        """KINDS NAME: the repo goes away"""
        kinds, name = words.split()
        row = self.hub.get(f"/api/{kinds}/{name}?expand[]=sha").json()
        answer = self.hub.request("DELETE", f"/sim/rows/{row['_id']}?kind={kinds[:-1]}")
        assert answer.status == 200, answer.body

    def step_tick(self, count):
        self.hub.tick(int(count))

    def step_config(self, text):
        """KEY = VALUE from now on"""
        key, value = re.split(r"\s*=\s*", text, maxsplit=1)
        self.options[key] = value
        self.ledger.configure(**self.config())

    def step_fault(self, rule):
        self.proxy.add(rule)

    def step_clear(self, _):
        """the faults end; those with a number of times must have come to pass"""
        unused = self.proxy.unused()
        if unused:
            raise Failed(f"faults that never happened: {unused}")
        self.proxy.clear()

    def step_relicense(self, words):
        """[=STATUS] ARGUMENTS: the tool; what it says is matched by `shown`"""
        arguments = shlex.split(words)
        status = int(arguments.pop(0)[1:]) if arguments[0].startswith("=") else 0
        done = self.ledger.tool(*arguments, status=status)
        self.shown += done.text + done.errors

    # --- expectations

    def check(self):
        if self.proxy and self.proxy.unused():
            raise Failed(f"faults that never happened: {self.proxy.unused()}")
        if "log" in self.case.sections:
            self.check_log()
        if "metrics" in self.case.sections:
            self.check_metrics()
        self.check_texts("said", self.ledger.said())
        self.check_texts("shown", self.shown)
        self.ledger.verify()

    def check_log(self):
        found = [record_text(record) for record in self.ledger.changes()]
        wanted = [expand(line) for line in self.case.lines("log")]
        if wanted[:1] == ["sorted"]:
            found, wanted = sorted(found), wanted[1:]
        same = len(found) == len(wanted) and all(
            text.startswith(line[:-3]) if line.endswith("...") else text == line for text, line in zip(found, wanted))
        if not same:
            raise Failed("the change log holds\n  " + "\n  ".join(found) + "\nand should hold\n  " + "\n  ".join(wanted)
                         + "\n" + self.ledger.said()[-6000:])

    def check_metrics(self):
        figures = self.ledger.metrics() | {"hub." + key: value for key, value in self.hub.stats().items()}
        for line in self.case.lines("metrics"):
            name, relation, value = re.fullmatch(r"(\S+)\s*(>=|<=|=)\s*(\d+)", line).groups()
            found = figures[name]
            if not {"=": found == int(value), ">=": found >= int(value), "<=": found <= int(value)}[relation]:
                raise Failed(f"{name} is {found}, expected {relation} {value}\n{self.ledger.said()[-6000:]}")

    def check_texts(self, section, text):
        """Each line of the section must be somewhere in a line of the text; * matches anything; ! before it: nowhere."""
        for wanted in self.case.lines(section):
            absent = wanted.startswith("! ")
            pattern = "*" + wanted.removeprefix("! ").replace("[", "[[]") + "*"
            if any(fnmatch.fnmatchcase(line, pattern) for line in text.splitlines()) == absent:
                raise Failed(f"{section}: {wanted!r} {'is' if absent else 'is not'} in\n{text[-8000:]}")


def play(path, directory):
    case = Case(path)
    stage = Play(case, directory)
    try:
        stage.steps()
        stage.check()
    finally:
        stage.close()
