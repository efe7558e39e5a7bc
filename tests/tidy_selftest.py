#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The test of tests/tidy.py: a small tree that is clean, broken in one way at a time. Each break must
be reported by its own rule, in its own file, and by no other; every rule is broken at least once."""

import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import requirements  # noqa: E402  (beside this file)
import tidy  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SPDX = '// SPDX-License-Identifier: MIT\n'

# Spelt in pieces: the rules read this file too.
DO_LATER, IF_0, SKIPPED = 'TO' + 'DO', '#if' + ' 0', 'SK' + 'IP()'
UNKNOWN_ID = '6455-' + '99.9-01'
MACHINE = '/ho' + 'me/somebody'

# Holds what must *not* be reported: names in comments and strings, placement, look-alikes.
CLEAN = {
    'meson.build': "# SPDX-License-Identifier: MIT\nproject('small', 'cpp')\n",
    'engine/meson.build': "# SPDX-License-Identifier: MIT\n"
                          "sources = files('vocabulary/violation.cpp', 'wire/kernel.cpp',  # two\n"
                          "  'frame/rules.cpp', 'connection/connection.cpp', 'capi/thing.cpp')\n",
    'engine/include/hawse/thing.hpp': SPDX + '''// The head of a file may hold a sample:
//
//     if (hawse::Event event = connection.next_event()) {
//         count = connection.gather(slices);
//     }
#pragma once

#include "hawse/other.hpp"

#include <string_view>

namespace hawse {

/// What malloc(), new and std::string have to do with it; 6455-5.2-04.
class Thing {
public:
    Thing(const Thing&) = delete;
    static constexpr int size = 1'000'000;  ///< try_again, throwing, catches, timed(x)
    explicit operator bool() const noexcept { return size != 0; }
    friend bool operator==(Thing, Thing) = default;
    static int count(int value) noexcept { return value; }

private:
    int hidden_ = 0;
};

namespace detail {
int hidden(int value) noexcept;
}

enum class Kind { first, second = 4 };
struct Source {
    bool (*fill)(void* context, int size) noexcept = nullptr;
    Kind kind = Kind{4};
};
inline constexpr Kind never{Kind::second};
int size_of(Kind kind) noexcept;
[[nodiscard]] HAWSE_API int size_of(const Thing& thing = Thing::make(1, 2)) noexcept;

}  // namespace hawse
''',
    'engine/include/hawse/thing.h': SPDX + '''#pragma once

#define HAWSE_NEVER 4

typedef unsigned char hawse_kind;
enum { HAWSE_KIND_FIRST, HAWSE_KIND_SECOND = 4 };
typedef struct hawse_source {
    int size;
    int (*fill)(void* context, int size);
    hawse_kind kinds[4];
} hawse_source;
HAWSE_API int hawse_thing_count(int value);
HAWSE_API int
hawse_size_of_kind(hawse_kind kind);
HAWSE_API int hawse_size_of_thing(void);
HAWSE_API void hawse_source_init(hawse_source* source);
''',
    'engine/capi/thing.cpp': SPDX + '''#include "hawse/thing.h"

SAME(Kind::first, HAWSE_KIND_FIRST);
SAME(Kind::second,
     HAWSE_KIND_SECOND);
''',
    'tests/capi/mirror.tsv': 'C++\tC\twhy\n'
                             'Thing::size\t\ta constant of no use\n'
                             'Thing::count\thawse_thing_count\t\n'
                             'Source::fill\thawse_source.fill\t\n'
                             'Source::kind\thawse_source.kinds\t\n'
                             'Waits::linger\t\ta constant of no use\n'
                             'DeflatePolicy::level\t\ta constant of no use\n'
                             'Config::waits\t\ta constant of no use\n'
                             'never\tHAWSE_NEVER\t\n'
                             'size_of(Kind)\thawse_size_of_kind\t\n'
                             'size_of(const Thing&)\thawse_size_of_thing\t\n'
                             '\thawse_source_init\tC++ has constructors\n',
    'engine/include/hawse/other.hpp': SPDX + '#pragma once\n\n#include <cstdint>\n',
    'engine/include/hawse/posix.hpp': SPDX + '#pragma once\n\n#include <sys/uio.h>\n'
                                             '\n#include "hawse/other.hpp"\n'
                                             '\ninline auto size_of(iovec one) { return one.iov_len; }\n',
    'engine/vocabulary/violation.cpp': SPDX + '''#include "hawse/thing.hpp"

constexpr Row table[] = {
    ROW(none,         0,    "",            ""),
    ROW(reserved_bit, 1002, "6455-5.2-04", "A reserved bit is set, in a sentence so long that it is a table's."),
};
''',
    'engine/wire/kernel.hpp': SPDX + '#pragma once\n\n#include "hawse/thing.hpp"\n',
    'engine/wire/kernel.cpp': SPDX + r'''// It reads eight octets at a time; (see rules.cpp) nothing else.
#include "wire/kernel.hpp"

#include <immintrin.h>
#include <new>

namespace hawse::wire {

Kernel::Kernel(Pool& pool) noexcept : pool_(pool), place_{nullptr}, sizes_{1, 2} {}

int* Kernel::make(void* place) noexcept {
    static constexpr int table[] = {1, 2};
    const std::string_view text = "throw new std::string(msg), 'len' // \"not a comment\"";
    const char* raw = R"(malloc(1); getenv("x"))";
    pool_.free(place);
    return new (place) int{table[text.size() % 2] + raw[0] + '"'};
}

}  // namespace hawse::wire
''',
    'engine/frame/rules.cpp': SPDX + '#include "wire/kernel.hpp"\n'
                                     '// 7692-6.1-01 is the requirement; the code below obeys it.\n',
    'engine/connection/connection.cpp': SPDX + '#include "frame/rules.hpp"\n\nint open() { return 1; }\n',
    'tests/meson.build': "# SPDX-License-Identifier: MIT\nnames = ['unit/wire/kernel', "
                         "'behaviour/closing_test.cpp', 'behaviour/options_test']\n",
    'tests/unit/wire/kernel_test.cpp': SPDX + '#include "wire/kernel.hpp"\n\n'
                                              'TEST_CASE("a bit", "[6455-5.2-04][7692-6.1-01]") {}\n',
    'tests/behaviour/closing_test.cpp': SPDX + '#include "hawse/thing.hpp"\n'
                                               '#include "support/pair.hpp"\n',
    'docs/examples/echo.cpp': SPDX + '#include "hawse/thing.hpp"\n#include "loop.hpp"\n\n'
                                     'int main() { throw 1; }\n',
    'engine/include/hawse/config.hpp': SPDX + '#pragma once\n\nnamespace hawse {\n'
                                       'struct Waits {\n    int linger = 2;\n};\n'
                                       'struct Config {\n    Waits waits = {};\n};\n}\n',
    'engine/include/hawse/deflate.hpp': SPDX + '#pragma once\n\nnamespace hawse {\n'
                                        'struct DeflatePolicy {\n    int level = 6;\n};\n}\n',
    'tests/behaviour/options_test.cpp': SPDX + 'TEST_CASE("linger: some, or none") {}\n'
                                        'TEST_CASE("level: 1 is fast") {}\n',
    'docs/limits.md': '| `linger` | 2 s |\n| `level` of a `DeflatePolicy` | 6 |\n',
    'tests/replay/main.cpp': SPDX + 'Group groups[] = {{"all", run_all, true, "all of it", "[6455-5.2-"\n'
                                    '    "05]"}};\n',
    'tests/transcripts/echo.md': '# An echo\n\nRequirements: 6455-5.2-06, 6455-5.2-05\n',
    'tests/transcripts/README.md': '# Transcripts\n\n- [echo](echo.md): an echo\n',
    'docs/requirements.tsv':
        'id\tlevel\trole\towner\tsentence\tstatus\treason\n'
        '6455-5.2-04\tMUST\tboth\tengine\tReserved bits are zero.\ttested\t\n'
        '6455-5.2-05\tMUST\tboth\tshared\tOpcodes are known.\ttested\t\n'
        '6455-5.2-06\tMAY\tboth\tengine\tThey mean something.\ttested\t\n'
        '6455-5.2-07\tMAY\tboth\tengine\tA key may follow.\tby design\tNothing could break what is so.\n'
        '6455-5.2-08\tMUST\tboth\tembedder\tIt is secret.\tnot ours\tThe host keeps it and we forget it.\n'
        '7692-6.1-01\tMUST\tboth\tengine\tOne bit of them is ours.\ttested\t\n'
        '7692-6.1-02\tMUST\tboth\tengine\tIt is used.\tcompression\tIt waits for permessage-deflate.\n',
    'docs/lifecycle.md': 'one line\n',
    '.ci/run': '#!/bin/sh\n# SPDX-License-Identifier: MIT\necho done\n',
}

MIRROR, C_FACE = 'tests/capi/mirror.tsv', 'engine/include/hawse/thing.h'
KERNEL, RULES, FACE = 'engine/wire/kernel.cpp', 'engine/frame/rules.cpp', 'engine/include/hawse/thing.hpp'
TEST, EXAMPLE, DATA = ('tests/unit/wire/kernel_test.cpp', 'docs/examples/echo.cpp',
                       'docs/requirements.tsv')
VIOLATIONS, CONFIG = 'engine/vocabulary/violation.cpp', 'engine/include/hawse/config.hpp'
STORY, PAGE = 'tests/transcripts/echo.md', requirements.PAGE
DRIVER, SCRIPT = 'docs/examples/drivers/loop.cpp', 'docs/examples/drivers/loop.py'


def function_of(lines):
    return 'int long_one() {\n' + '    call();\n\n    // why\n' * (lines - 2) + '}\n'


# (rule, file, what is done to it): a pair replaces, a text is appended, a dictionary makes files.
BREAKS = [
    ('layer', KERNEL, '#include "frame/rules.hpp"\n'),
    ('layer', RULES, '#include "memory/pool.hpp"\n'),
    ('layer', FACE, '#include "wire/kernel.hpp"\n'),
    ('layer', 'engine/vocabulary/violation.cpp', '#include "connection/lifecycle.hpp"\n'),
    ('layer', 'engine/connection/connection.cpp', '#include "http/head.hpp"\n'),
    ('layer', 'engine/connection/connection.cpp', '  #  include "handshake/server.hpp"\n'),
    ('layer', 'engine/helpers/helper.hpp', {'engine/helpers/helper.hpp': SPDX}),
    ('include', KERNEL, '#include "kernel_table.hpp"\n'),
    ('include', KERNEL, '#include <hawse/other.hpp>\n'),
    ('include', KERNEL, '#include <unistd.h>\n'),
    ('include', RULES, '#include <immintrin.h>\n'),
    ('include', FACE, '#include <sys/socket.h>\n'),
    ('include', FACE, '#include "hawse/posix.hpp"\n'),
    ('face-only', EXAMPLE, '#include "frame/rules.hpp"\n'),
    ('face-only', EXAMPLE, '#include "../../engine/include/hawse/thing.hpp"\n'),
    ('face-only', 'fuzz/receive.cpp', {'fuzz/receive.cpp': SPDX + '#include "connection/receiver.hpp"\n'}),
    ('face-only', 'bench/kernels.cpp', {'bench/kernels.cpp': SPDX + '#include <wire/kernel.hpp>\n'}),
    ('face-only', 'tests/behaviour/closing_test.cpp', '#include "connection/lifecycle.hpp"\n'),
    ('function-size', KERNEL, function_of(71)),
    ('function-size', KERNEL, 'struct Local {\n' + function_of(71) + '};\n'),
    ('function-size', KERNEL, 'auto f() -> int {\n' + '    call();\n' * 70 + '}\n'),
    ('function-size', KERNEL, 'K::K(int a)\n    : a_{a},\n      b_(2) {\n' + '    call();\n' * 70 + '}\n'),
    ('function-size', KERNEL, 'template <class T = int>\nT& operator=(T a) {\n' + '    call();\n' * 70 + '}\n'),
    ('file-size', KERNEL, 'int one();\n' * 400),
    ('header-size', FACE, 'int one();\n' * 250),
    ('driver-size', DRIVER, {DRIVER: SPDX + '// why\n\n' + 'int one();\n' * 80}),
    ('driver-size', SCRIPT, {SCRIPT: SPDX.replace('//', '#') + '# why\n\n' + 'one()\n' * 80}),
    ('columns', KERNEL, 'int ' + 'a' * 96 + ';\n'),
    ('columns', KERNEL, '// ' + 'a' * 108 + '\n'),
    ('exemption', 'engine/vocabulary/violation.cpp', (', in a sentence so long that it is a table\'s.', '.')),
    ('spdx', KERNEL, (SPDX, '')),
    ('spdx', '.ci/run', ('# SPDX-License-Identifier: MIT\n', '')),
    ('spdx', 'meson.build', ('# SPDX', '# SPD')),
    ('spdx', 'tests/check.py', {'tests/check.py': 'import sys\n'}),
    ('spdx', 'docs/examples/page.html', {'docs/examples/page.html': '<!doctype html>\n<p>\n'}),
    ('leftover', KERNEL, f'// {DO_LATER}: later\n'),
    ('leftover', 'docs/notes.md', {'docs/notes.md': 'FIX' + 'ME\n'}),
    ('leftover', '.ci/run', '# XX' + 'X\n'),
    ('leftover', TEST, '// HA' + 'CK\n'),
    ('dead-code', KERNEL, f'{IF_0}\n#endif\n'),
    ('dead-code', KERNEL, '    // call(one, two);\n'),
    ('dead-code', KERNEL, '    // return none;\n'),
    ('dead-code', KERNEL, '    // const std::size_t size = header.size();\n'),
    ('dead-code', TEST, '    //    if (size == 0) {\n'),
    ('dead-code', EXAMPLE, '// #include <vector>\n'),
    ('skipped-test', TEST, f'void a() {{ {SKIPPED}; }}\n'),
    ('skipped-test', TEST, 'TEST_CASE("b", "[.]") {}\n'),
    ('skipped-test', TEST, 'TEST_CASE("b", "[!mayfail]") {}\n'),
    ('white-space', KERNEL, '\tint a;\n'),
    ('white-space', KERNEL, 'int a; \n'),
    ('white-space', KERNEL, '// a '),
    ('white-space', 'docs/notes.md', {'docs/notes.md': 'text\n\n'}),
    ('white-space', '.ci/run', 'echo no line break'),
    ('banned', KERNEL, 'void* a = std::malloc(1);\n'),
    ('banned', KERNEL, 'void a(void* b) { free(b); }\n'),
    ('banned', KERNEL, 'auto a = new int;\n'),
    ('banned', KERNEL, 'auto a = ::operator new(4);\n'),
    ('banned', KERNEL, 'auto a = new (std::nothrow) int;\n'),
    ('banned', KERNEL, 'void a(int* b) { delete b; }\n'),
    ('banned', KERNEL, 'std::string a;\n'),
    ('banned', KERNEL, 'std::vector<int> a;\n'),
    ('banned', KERNEL, 'std::function<void()> a;\n'),
    ('banned', KERNEL, '#include <iostream>\n'),
    ('banned', KERNEL, '#include <cstdio>\n'),
    ('banned', KERNEL, '#include <locale>\n'),
    ('banned', FACE, '#include <chrono>\n'),
    ('banned', KERNEL, 'std::ostringstream a;\n'),
    ('banned', KERNEL, 'void a() { printf("x"); }\n'),
    ('banned', KERNEL, 'std::locale a;\n'),
    ('banned', KERNEL, 'int a = tolower(65);\n'),
    ('banned', FACE, 'std::chrono::seconds a;\n'),
    ('banned', KERNEL, 'void a() { throw 1; }\n'),
    ('banned', KERNEL, 'void a() try {} catch (...) {}\n'),
    ('banned', KERNEL, 'auto a = dynamic_cast<B*>(c);\n'),
    ('banned', KERNEL, 'auto a = typeid(int).name();\n'),
    ('banned', KERNEL, 'auto a = std::getenv("A");\n'),
    ('banned', KERNEL, 'auto a = time(nullptr);\n'),
    ('banned', KERNEL, 'auto a = std::time(nullptr);\n'),
    ('banned', KERNEL, 'auto a = rand();\n'),
    ('banned', KERNEL, 'std::mutex a;\n'),
    ('static', KERNEL, 'int next() { static int count = 0; return ++count; }\n'),
    ('unbuilt', 'engine/wire/other.cpp', {'engine/wire/other.cpp': SPDX}),
    ('unbuilt', 'engine/meson.build', ("'wire/kernel.cpp'", "'wire/kernel.cpp', 'wire/gone.cpp'")),
    ('unbuilt', 'tests/unit/wire/lost_test.cpp', {'tests/unit/wire/lost_test.cpp': SPDX}),
    ('unbuilt', 'tests/transcripts/lost.md', {'tests/transcripts/lost.md': '# Lost\n'}),
    ('requirement-data', DATA, ('Reserved bits are zero.', '')),
    ('requirement-data', DATA, '7692-6.1-01\tMUST\tboth\tengine\tAgain.\ttested\t\n'),
    ('requirement-data', DATA, ('6455-5.2-07', '6455-5.2-7x')),
    ('requirement-data', DATA, ('It is used.\tcompression\tIt waits for permessage-deflate.',
                                'It is used.\ttested')),
    ('requirement-data', DATA, ('level', 'grade')),
    ('requirement-data', DATA, ('They mean something.\ttested\t', 'They mean something.\ttested\tSo.')),
    ('requirement-data', DATA, ('Nothing could break what is so.', '')),
    ('requirement-data', DATA, ('Nothing could break what is so.', 'so it is')),
    ('requirement-data', DATA, ('MAY\tboth\tengine\tA key', 'OUGHT\tboth\tengine\tA key')),
    ('requirement-data', DATA, ('embedder', 'nobody')),
    ('requirement-data', DATA, ('by design', 'by chance')),
    ('requirement', TEST, f'TEST_CASE("b", "[{UNKNOWN_ID}]") {{}}\n'),
    ('requirement', TEST, 'TEST_CASE("b", "[6455-5.2' + '-4x]") {}\n'),
    ('requirement', TEST, 'auto tag = "[6455-5.2' + '-04]";\n'),
    ('requirement', STORY, (' 6455-5.2-06,', f' 6455-5.2-06, {UNKNOWN_ID},')),
    ('requirement', KERNEL, f'// {UNKNOWN_ID}\n'),
    ('requirement', 'docs/notes.md', {'docs/notes.md': UNKNOWN_ID + '\n'}),
    ('requirement', VIOLATIONS, ('"6455-5.2-04"', '"5.2"')),
    ('requirement', VIOLATIONS, ('"6455-5.2-04"', '""')),
    ('untested', DATA, None, (TEST, ('[6455-5.2-04]', ''))),
    ('untested', DATA, None, (TEST, ('TEST_CASE("a bit", "[6455-5.2-04]',
                                     '// [6455-5.2-04]\nTEST_CASE("a bit", "'))),
    ('untested', DATA, None, (STORY, ('6455-5.2-06, ', ''))),
    ('untested', DATA, None, (STORY, (', 6455-5.2-05', '')), ('tests/replay/main.cpp', ('05]', '04]'))),
    ('untested', DATA, None, (TEST, ('[6455-5.2-04]', '[6455-5.2-04][6455-5.2-07]'))),
    ('untested', DATA, None, (TEST, ('[6455-5.2-04]', '[6455-5.2-04][6455-5.2-08]'))),
    ('untested', DATA, None, (TEST, ('[6455-5.2-04]', '[6455-5.2-04][7692-6.1-02]'))),
    ('untested', DATA, ('MAY\tboth\tengine\tA key', 'MUST\tboth\tengine\tA key')),
    ('untested', DATA, ('MUST\tboth\tembedder', 'MUST NOT\tboth\tshared')),
    ('untested', DATA, ('MUST\tboth\tembedder', 'SHOULD\tboth\tengine')),
    ('untested', DATA, '3629-3-01\tMUST\tboth\tengine\tText.\tcompression\tIt waits for something else.\n'),
    ('untested', VIOLATIONS, ('"6455-5.2-04"', '"6455-5.2-07"')),
    ('option', CONFIG, None, ('docs/limits.md', ('`linger`', 'linger'))),
    ('option', CONFIG, None, ('tests/behaviour/options_test.cpp', ('"linger:', '"a linger:'))),
    ('option', 'engine/include/hawse/deflate.hpp', None, ('docs/limits.md', ('`level` of a `Deflate', '`level` of a `'))),
    ('option', CONFIG, ('int linger = 2;', 'int linger = 2;\n    int opening = 2;'),
     (MIRROR, 'Waits::opening\t\ta constant of no use\n')),
    ('mirror', FACE, ('static int count', 'int more() noexcept;\n    static int count')),
    ('mirror', FACE, ('size_of(Kind', 'more(Kind)noexcept;\nint size_of(Kind')),
    ('mirror', FACE, ('Kind kind = Kind{4};', 'Kind kind = Kind{4};\n    int more{call(1)};')),
    ('mirror', FACE, ('first, second', 'first, third = 3, second')),
    ('mirror', FACE, ('private:', 'class Inner { public: explicit Inner(int); };\nprivate:')),
    ('mirror', C_FACE, 'HAWSE_API int hawse_more(int value);\n'),
    ('mirror', C_FACE, '#define HAWSE_MORE 1\n'),
    ('mirror', C_FACE, ('HAWSE_KIND_FIRST,', 'HAWSE_KIND_FIRST, HAWSE_KIND_THIRD,')),
    ('mirror', C_FACE, ('kinds[4];', 'kinds[4];\n    int more;')),
    ('mirror', MIRROR, 'Thing::gone\t\tno more\n'),
    ('mirror', MIRROR, ('hawse_thing_count', 'hawse_thing_count hawse_thing_gone')),
    ('mirror', MIRROR, ('a constant of no use', '')),
    ('mirror', MIRROR, ('C++ has constructors', '')),
    ('mirror', MIRROR, ('why', 'reason')),
    ('mirror', MIRROR, '\tno more\n'),
    ('mirror', FACE, None, (MIRROR, ('Thing::count\thawse_thing_count\t',
                                     'never\thawse_thing_count\t'))),
    ('mirror', C_FACE, None, (MIRROR, ('hawse_size_of_thing\t', '\tno twin'))),
    ('mirror', FACE, None, ('engine/capi/thing.cpp', ('Kind::first', 'Kind::second'))),
    ('generated', 'docs/lifecycle.md', 'a line by hand\n'),
    ('generated', PAGE, 'a line by hand\n'),
    ('generated', PAGE, None, (TEST, ('"a bit"', '"a bit of another name"'))),
    ('generated', PAGE, None, (DATA, ('They mean something.', 'They mean nothing.'))),
    ('portable', '.ci/run', f'cd {MACHINE}\n'),
    ('portable', 'tests/package-lock.json', {'tests/package-lock.json': '{ "resolved' + '": "x" }\n'}),
]
BREAKS += [('abbreviation', KERNEL, f'int {name};\n') for word in tidy.ABBREVIATIONS
           for name in (word, f'{word}_', f'max_{word}', f'{word}2', f'the{word.title()}')]


def write(root, files):
    for path, text in files.items():
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text, 'utf-8')


def write_page(root):
    """As tests/requirements.py --write does; what a break makes stale is not what it breaks."""
    tree = tidy.Tree(root)
    if requirements.DATA in tree.by_path:
        rows = requirements.rows_of(tree.by_path[requirements.DATA].text)
        write(root, {requirements.PAGE: requirements.page(rows, tree.cases)})


def apply(root, path, edit):
    if edit is None:
        return
    if isinstance(edit, dict):
        write(root, edit)
        return
    text = (root / path).read_text('utf-8')
    changed = text + edit if isinstance(edit, str) else text.replace(*edit)
    assert changed != text, f'nothing is broken by {edit!r} in {path}'
    (root / path).write_text(changed, 'utf-8')


def main():
    failures = []

    def check(condition, sentence):
        if not condition:
            failures.append(sentence)
            print(f'failed: {sentence}')

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        printer = folder / 'printer'
        printer.write_text('#!/bin/sh\necho one line\n')
        printer.chmod(0o755)

        clean = folder / 'clean'
        write(clean, CLEAN)
        write_page(clean)
        check(tidy.findings(clean, printer) == [], f'the clean tree: {tidy.findings(clean, printer)}')

        for number, (rule, path, edit, *more) in enumerate(BREAKS):
            root = folder / str(number)
            write(root, CLEAN)
            write_page(root)
            apply(root, path, edit)
            for other_path, other_edit in more:
                apply(root, other_path, other_edit)
            if rule != 'generated':
                write_page(root)
            found = tidy.findings(root, printer)
            seen = {(name, where) for where, _, name, _ in found}
            check(seen == {(rule, path)}, f'{rule} in {path} by {edit!r}: reported {sorted(found)}')
            lines = (root / path).read_text('utf-8').count('\n') + 1
            check(all(1 <= line <= lines for _, line, _, _ in found), f'{rule}: a line of {path}')

        for rule in tidy.RULES:
            check(any(broken[0] == rule for broken in BREAKS), f'nothing here breaks the rule {rule}')

        # Exactly at a ratchet is fine.
        root = folder / 'boundary'
        write(root, CLEAN)
        write_page(root)
        write(root, {DRIVER: SPDX + '// why\n' + 'int one();\n' * 79,
                     SCRIPT: SPDX.replace('//', '#') + '"""Why,\nand how."""\n' + 'one()\n' * 79})
        apply(root, KERNEL, function_of(70) + 'int ' + 'a' * 95 + ';  // why\n// ' + 'a' * 107 + '\n')
        check(tidy.findings(root, printer) == [], f'the ratchets: {tidy.findings(root, printer)}')

        # The program: its status and its lines.
        run = [sys.executable, str(HERE / 'tidy.py'), '--root']
        done = subprocess.run([*run, str(clean)], capture_output=True, text=True, timeout=60)
        check((done.returncode, done.stdout) == (0, ''), f'a clean tree: {done}')
        apply(clean, KERNEL, 'int len;\n')
        line = (clean / KERNEL).read_text().count('\n')
        done = subprocess.run([*run, str(clean)], capture_output=True, text=True, timeout=60)
        check(done.returncode == 1 and done.stdout.startswith(f'{KERNEL}:{line}: abbreviation: '),
              f'a broken tree: {done}')

        # The page: stale after a tag, and anew with one command, which also sees what is tested since.
        root = folder / 'page'
        write(root, CLEAN)
        run = [sys.executable, str(HERE / 'requirements.py'), '--root', str(root)]
        apply(root, TEST, ('[6455-5.2-04]', '[6455-5.2-04][6455-5.2-07]'))
        for more, status in (([], 1), (['--write'], 0), ([], 0)):
            done = subprocess.run([*run, *more], capture_output=True, text=True, timeout=60)
            check(done.returncode == status, f'requirements.py {more}: {done}')
        check('6455-5.2-07\tMAY\tboth\tengine\tA key may follow.\ttested\t\n'
              in (root / DATA).read_text('utf-8'), 'what was by design and has a test is tested')
        page = (root / PAGE).read_text('utf-8')
        check('| 6455 | MAY | 2 | 2 |  |  |  |' in page, f'the totals of {page}')
        check('[echo](../tests/transcripts/echo.md): An echo' in page, f'the stories of {page}')
        check('[main](../tests/replay/main.cpp): all of it' in page, f'the groups of {page}')
        check(tidy.findings(root, printer) == [], f'after --write: {tidy.findings(root, printer)}')

    check(not has_cycle(), 'LAYERS has a cycle')
    print(f'{len(BREAKS)} breaks of {len(tidy.RULES)} rules, {len(failures)} failures')
    return 1 if failures else 0


def has_cycle():
    def reaches(layer, goal, seen):
        return any(below == goal or (below not in seen and reaches(below, goal, seen | {below}))
                   for below in tidy.LAYERS[layer])
    return any(reaches(layer, layer, {layer}) for layer in tidy.LAYERS)


if __name__ == '__main__':
    sys.exit(main())
