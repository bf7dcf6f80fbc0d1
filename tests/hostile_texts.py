"""Texts that people have put into fields of data, and that must stay texts wherever they appear."""

FORMULAS = (
    '=HYPERLINK("http://example.invalid/","x")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "-2+3",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "＋1+1",
    "－2+3",
    "＠SUM(1+1)",
)
MARKUP = (
    '<script>document.title="X"</script>',
    '"><img src=x onerror="document.title=\'X\'">',
    "</svg><script>document.title='X'</script>",
    "</style><script>document.title='X'</script>",
    "{{7*7}}",
    "{% raw %}",
    "]]>",
    "&lt;b&gt;&amp;",
    "javascript:document.title='X'",
)
CONSOLE = (
    "第一医院[/东区]",
    "[bold]x[/bold]",
    "[/]",
    "[link=http://example.invalid]x[/link]",
    ":hospital: :smile:",
    "[red",
    r"\[red]",
)
OBEYED = (
    "a⁄b\u200f",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b31m",
    "nul\x00inside",
    "line\nfeed",
    "carriage\rreturn",
    "tab\tinside",
    "zero\u200bwidth",
    "\ufeffmark",
    "\u202egnp.exe",
    "\u2066isolated\u2069",
    "\u061carabic",
    "line\u2028separator\u2029",
    "back\x08space",
    "\x7f",
    "\x85",
    "\ufffe\uffff",
)
OTHER = (
    "'=1+1",
    "%s%n{0}{name}",
    "../../../../x",
    "/x",
    "CON",
    "'; DROP TABLE runs; --",
    "_x0041_",
    "长" * 300,
)
TEXTS = (*FORMULAS, *MARKUP, *CONSOLE, *OBEYED, *OTHER)
"""All of them that UTF-8 can encode."""
SURROGATE = "half\ud800pair"
LONG = "x" * 1_000_000
