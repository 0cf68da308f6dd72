"""Lines and sections; guide 3.1."""

import contextlib
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.config.grammar import MAX_DEPTH, Line, Section, parse, words
from sinyal.config.problem import BadValue

ATOM = st.from_regex(r"[A-Za-z0-9.*@$,/{}=_-]{1,12}", fullmatch=True)
TAG = st.from_regex(r"[a-z][a-z-]{0,10}", fullmatch=True)
TREES = st.recursive(
    st.builds(
        lambda name, value: Line(name, " ".join(value), "f", 0),
        ATOM.filter(lambda name: not name.startswith("<")),
        st.lists(ATOM, max_size=3),
    ),
    lambda inner: st.builds(
        lambda tag, argument, body: Section(tag, argument, "f", 0, tuple(body)),
        TAG,
        st.one_of(st.just(""), ATOM),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


def printed(nodes, indent=""):
    """The text of a tree."""
    text = ""
    for node in nodes:
        if isinstance(node, Line):
            text += f"{indent}{node.name}   {node.value} # comment\n"
        else:
            argument = f" {node.argument}" if node.argument else ""
            text += f"{indent}<{node.tag}{argument}> # comment\n"
            text += printed(node.body, indent + "    ")
            text += f"{indent}</{node.tag}>\n\n"
    return text


def shape(nodes):
    """A tree without its line numbers."""
    return [
        (node.name, node.value)
        if isinstance(node, Line)
        else (node.tag, node.argument, shape(node.body))
        for node in nodes
    ]


def depth(nodes):
    inner = [depth(node.body) for node in nodes if isinstance(node, Section)]
    return 1 + max(inner) if inner else 0


@settings(max_examples=150, deadline=None)
@given(st.lists(TREES, max_size=5).filter(lambda nodes: depth(nodes) <= MAX_DEPTH))
def test_a_printed_tree_is_read_back_as_it_was(nodes):
    found, problems = parse(printed(nodes), "f")
    assert problems == ()
    assert shape(found) == shape(nodes)
    again, _ = parse(printed(found), "f")
    assert shape(again) == shape(found)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from('ab <>/#"\\\n\t|*$'), max_size=200))
def test_any_text_has_a_tree(text):
    nodes, problems = parse(text, "f")
    assert all(problem.line >= 1 for problem in problems)
    for node in nodes:
        with contextlib.suppress(BadValue):
            words(node.value if isinstance(node, Line) else node.argument)


def test_a_comment_begins_at_any_number_sign_even_in_a_value():
    nodes, problems = parse('password "#secret"\n<a b> # c\n</a> # d\n# e\n', "f")
    assert problems == ()
    assert nodes == (
        Line("password", '"', "f", 1),
        Section("a", "b", "f", 2, ()),
    )


def test_a_closing_tag_may_repeat_the_name():
    nodes, problems = parse("<domain-key-list x>\n</domain-key-list x>\n", "f")
    assert problems == ()
    assert len(nodes) == 1


def test_line_ends_and_a_byte_order_mark_do_not_matter():
    nodes, _ = parse("\ufeffa 1\r\n  <b>\r\n c 2\r\n</b>\r\n", "f")
    assert shape(nodes) == [("a", "1"), ("b", "", [("c", "2")])]


def test_a_list_may_open_at_the_end_of_a_rule():
    text = "<pattern-list a>\nmail-from /x/ <pattern-list>\n* y\n</pattern-list>\n"
    nodes, problems = parse(text + "</pattern-list>\n", "f")
    assert problems == ()
    assert shape(nodes[0].body) == [("pattern-list", "mail-from /x/", [("*", "y")])]


def test_every_fault_of_structure_is_found_in_one_run():
    text = "<a>\n<b>\n</a>\n</c>\n<\n<d x\n<e>\n"
    _, problems = parse(text, "f")
    assert sorted((problem.line, problem.directive) for problem in problems) == [
        (2, "<b>"),
        (4, "</c>"),
        (5, "<"),
        (6, "<d>"),
        (6, "<d>"),
        (7, "<e>"),
    ]
    assert all(problem.remedy for problem in problems)


def test_sections_nested_too_deeply_are_one_problem():
    text = "<a>\n" * 5000 + "</a>\n" * 5000 + "b 1\n"
    nodes, problems = parse(text, "f")
    assert [problem.text for problem in problems] == ["sections are nested too deeply"]
    assert nodes[-1] == Line("b", "1", "f", 10_001)


def test_hostile_text_costs_time_in_proportion_to_its_length():
    started = time.process_time()
    for text in ("<a " + " " * 300_000 + "x", "<" * 300_000, "</" * 200_000):
        parse(text, "f")
    for text in ('"' + "\\" * 300_000, "a" * 300_000, ' "a' * 100_000):
        with contextlib.suppress(BadValue):
            words(text)
    assert time.process_time() - started < 2
