from dataclasses import replace

import pytest

from keras_saliency.reports.as_github import summary, workflow_commands
from tests.elements import Elements


def test_a_command_per_result_that_a_person_should_see(report):
    report = replace(report, model="a,b: 100%\n")
    assert workflow_commands(report).splitlines() == [
        "::warning title=a%2Cb%3A 100%25 %3A accuracy warned::14 of 16, 88%25 right.",
        "::error title=a%2Cb%3A 100%25 %3A region_corner failed::"
        "It uses <b>the corner</b> & more: 8 of 8, 100%25 | `all`",
        "::error title=a%2Cb%3A 100%25 %3A mine errored::RuntimeError: \\x1b[31mred\\x00",
    ]


def test_warnings_are_errors_where_they_fail_the_report_and_what_is_waived_is_a_notice(report):
    commands = workflow_commands(replace(report, fail_on="warned", waived=frozenset({"region_corner"})))
    assert [line.split(" ")[0] for line in commands.splitlines()] == ["::error", "::notice", "::error"]


def test_the_summary_is_a_table_that_names_cannot_break(report):
    text = summary(replace(report, model="a|b <script>"))
    assert text.startswith(
        "\n<h3><code>a|b &lt;script&gt;</code>: Not passed: 1 failed, 1 errored, 1 warned, 2 passed"
    )
    assert text.endswith("</p>\n\n")
    assert "\n\n" not in text[1:-2], "an empty line would end the block of HTML"
    elements = Elements(text).structure
    assert elements.count(("tr",)) == 1 + len(report.results)
    assert (
        "<tr><td>❌ failed</td><td><code>region_corner</code></td><td><code>"
        "It uses &lt;b&gt;the corner&lt;/b&gt; &amp; more: 8 of 8, 100% | `all`</code></td></tr>" in text
    )


def test_a_report_that_judged_nothing_says_so(report):
    only_skips = replace(report, results=tuple(r for r in report.results if r.status == "skipped"))
    assert "Not passed: nothing could be judged" in summary(only_skips)


@pytest.mark.parametrize("told", [str, summary, lambda report: report.table(80, colour=False)])
def test_what_people_read_has_no_control_characters(report, told):
    report = replace(report, model="net\x1b[2J\u202e")
    assert "net\\x1b[2J\\u202e" in told(report)
    assert not set(told(report)) & set("\x1b\x00\u202e")
