# SPDX-License-Identifier: Apache-2.0
"""The mutants that mutate.py makes: one change each, in bodies of functions, never in comments, texts or tables."""
import mutate

SOURCE = """\
#include <stdio.h>
static const int limits[] = { 1, 2 };
static bool within(int a, int *b)
{
	/* a < 1 is no code */
	if (a < 10 && b->c)
		note("a == b");
	return a + 1;
}
"""


def changed(source=SOURCE):
    return {(number, mutant.strip()) for number, _, mutant in mutate.mutants(source)}


def test_each_kind_of_change():
    assert changed() == {
        (6, "if (a <= 10 && b->c)"), (6, "if (a > 10 && b->c)"), (6, "if (a < 10 || b->c)"), (6, "if (!(a < 10 && b->c))"),
        (6, "if (a < 11 && b->c)"), (7, "(void)0;"), (8, "return a - 1;"), (8, "return a + 2;"), (8, "return !(a + 1);")}


def test_texts_stay_in_the_line():
    (mutant,) = [mutant for number, _, mutant in mutate.mutants('static void f(void)\n{\n\tif (is(x, "y"))\n\t\tg();\n}')
                 if number == 3]
    assert mutant == '\tif (!(is(x, "y")))'


def test_the_same_seed_the_same_mutants():
    assert mutate.mutants(SOURCE) == mutate.mutants(SOURCE)


def test_programs_of_a_file():
    assert "unit/storage/model/test_verdict" in mutate.own_programs(mutate.pathlib.Path("storage/model/verdict.c"))
