"""Interpreters and data bases, as Debian ships them."""
import re

from system.case import Case, tools

ONCE = {"machines": ("microvm",)}

SQL = """CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, value INTEGER);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO t SELECT i, 'name' || i, i * 7 % 1000 FROM n;
COMMIT;
CREATE INDEX by_value ON t (value);
SELECT count(*), sum(value), max(name) FROM t;
SELECT count(*) FROM t WHERE value = 7;
PRAGMA integrity_check;
"""

PYTHON_SAYS = """threads 69986000
subprocess from a child
status 9
shell ONE TWO
cat 300000
terminated -15
missing 2
json {"a": [1, 2.5, null, "\\u00fc"]}
"""

CASES = [
    Case("sqlite3", ["/usr/bin/sqlite3", "-batch", "/dev/shm/test.db"], stdin=SQL.encode(),
         stdout="100000|49950000|name99999\n100\nok\n", needs=("/usr/bin/sqlite3",), machines=("microvm",), cpus=(1,)),
    Case("perl", ["/usr/bin/perl", "/scenario.pl"], options=["-v", "{programs}/scenario.pl:/scenario.pl:ro", *tools("/bin/sh", "/bin/echo", "/usr/bin/sort")],
         stdout="a=2,b=3,c=1\nsum 5050\nbackticks hello from a shell\nstatus 3\npipe from the child\nchild 4\nlines 1000\nsignal 1\n"
         "died of alarm\nsorted 1 2 3\na<1>b<22>c<333>\n", needs=("/usr/bin/perl",), **ONCE),
    Case("python3", ["/usr/bin/python3", "/scenario.py"], needs=("/usr/bin/python3",), timeout=120,
         options=["-v", "{programs}/scenario.py:/scenario.py:ro", *tools("/bin/echo", "/bin/cat", "/bin/sleep", "/bin/sh", "/usr/bin/tr")],
         stdout=re.compile("(?s)^" + re.escape(PYTHON_SAYS) + r"hash \w+ \d+\nfiles 5000 \['file', 'file.new'\] file.new\ngone False\n"
                           r"asyncio \(\[0, 1, 2, 3, 4\], 'async child', 'timeout'\)\nalarm True\nfork 17\nclock True True\n$"), **ONCE),
]
