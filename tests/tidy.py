#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The house rules, as a test. Prints one line for each finding, `path:line: rule: what to do`, and
exits 1 when there is one. It reads the source tree and nothing else; python3 and its library suffice.

    tests/tidy.py [--root DIRECTORY] [--lifecycle PROGRAM]

Rules are the functions under @rule, tables first. tests/tidy_selftest.py breaks each of them once.
"""

import argparse
import collections
import functools
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import requirements  # noqa: E402  (beside this file)

# ---- Tables -------------------------------------------------------------------------------------

# What each layer of engine/ may include, itself apart. `hawse` is the face: engine/include/hawse.
LAYERS = {
    'hawse': [],
    'vocabulary': ['hawse'],
    'memory': ['hawse', 'vocabulary'],
    'wire': ['hawse', 'vocabulary'],
    'frame': ['hawse', 'vocabulary', 'wire'],
    'http': ['hawse', 'vocabulary', 'memory', 'wire'],
    'deflate': ['hawse', 'vocabulary', 'memory', 'wire'],
    'handshake': ['hawse', 'vocabulary', 'memory', 'wire', 'http', 'deflate'],
    'prepared': ['hawse', 'vocabulary', 'memory', 'wire', 'deflate'],
    'connection': ['hawse', 'vocabulary', 'memory', 'wire', 'frame', 'deflate', 'prepared'],
    'session': ['hawse', 'vocabulary', 'memory', 'wire', 'http', 'frame', 'deflate', 'handshake',
                'prepared', 'connection'],
    'capi': ['hawse', 'vocabulary', 'memory', 'wire', 'frame', 'http', 'deflate', 'handshake',
             'prepared', 'connection', 'session'],
}

# System headers beyond the C++ library, and the one place where each may be named.
LAYER_HEADERS = {
    'wire': {'immintrin.h', 'arm_neon.h', 'cpuid.h'},  # kernels for one instruction set
    'deflate': {'zlib.h'},
}

# Folders whose programs are written as a host would write them: against the face alone.
FACE_ONLY = {
    'docs/examples': ['hawse'],
    'fuzz': ['hawse'],
    'bench': ['hawse'],
    'tests/behaviour': ['hawse', 'support'],
    'tests/consumer': ['hawse'],
    'tests/capi': ['hawse'],
}

# Headers that a host includes when it wants them. Only they may name the platform or the heap, and
# the engine includes none of them.
OPTIONAL_HEADERS = {'posix.hpp', 'windows.hpp', 'chrono.hpp', 'heap.hpp'}

# Lines of code and columns of code; comments are not counted, but end somewhere too.
RATCHETS = {'function-size': 70, 'file-size': 400, 'header-size': 250, 'columns': 100}
COLUMNS_WITH_COMMENT = 110

# A program of this folder shows one event loop or library, and is read in one sitting.
DRIVERS, DRIVER_SIZE = 'docs/examples/drivers', 79
DRIVERS_PAGE = 'docs/decisions/0006-what-the-drivers-taught.md'  # tells the lines of each

# (rule, path or path::function): the reason. One that is no longer needed is a finding.
EXEMPTIONS = {
    ('columns', 'engine/vocabulary/violation.cpp'): 'a table: one violation, one row, one line',
}

STANDARD_HEADERS = set('''
    algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono
    cinttypes climits clocale cmath compare complex concepts condition_variable coroutine csetjmp
    csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque
    exception execution filesystem format forward_list fstream functional future initializer_list
    iomanip ios iosfwd iostream istream iterator latch limits list locale map memory memory_resource
    mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator
    semaphore set shared_mutex source_location span sstream stack stdexcept stop_token streambuf
    string string_view strstream syncstream system_error thread tuple type_traits typeindex typeinfo
    unordered_map unordered_set utility valarray variant vector version
    stddef.h stdint.h stdbool.h
'''.split())

# What engine/ must not name, and why. Patterns see code without comments, strings and directives.
BANNED = [
    (r'(?<![\w.>])(?:std::)?(?:malloc|calloc|realloc|aligned_alloc|free)\s*\(|'
     r'\boperator\s+(?:new|delete)\b|\bnew\b(?!\s*\()|\bnothrow\b|(?<!=)(?<!= )\bdelete\b',
     'lease memory from the Pool'),
    (r'\bstd::(?:basic_)?string\b|\bstd::(?:vector|deque|list|map|set|unordered_\w+|any)\b|'
     r'\bstd::(?:shared_ptr|unique_ptr|make_\w*(?:unique|shared)\w*|to_string)\b',
     'it allocates: use a span, an array or a lease'),
    (r'\bstd::(?:function|bind|move_only_function)\b', 'no callback runs inside the engine'),
    (r'\bstd::(?:i|o|io|f|string)\w*stream\b|\b(?:cout|cerr|cin|FILE|stdout|stderr)\b|'
     r'\b(?:v?[sf]?n?printf|puts|fopen|fwrite|fread)\s*\(', 'the engine does no I/O'),
    (r'\bsetlocale\b|\blocale\b|\b(?:is(?:alpha|digit|alnum|space|xdigit|print|upper|lower)|'
     r'to(?:upper|lower)|strto\w+|ato[ifl]l?)\s*\(', 'it asks the locale: compare octets'),
    (r'\bchrono\b', 'time is hawse::Time; only hawse/chrono.hpp knows chrono'),
    (r'\b(?:throw|try|catch)\b', 'the engine is built without exceptions: return what happened'),
    (r'\b(?:dynamic_cast|typeid)\b', 'the engine is built without RTTI'),
    (r'\bgetenv\b', 'the engine has no environment: add a field to Config'),
    (r'(?:\bstd::|(?<![\w.>:])::|(?<![\w.>:]))(?:time|clock_gettime|gettimeofday)\s*\(',
     'time is an argument'),
    (r'(?:\bstd::|(?<![\w.>:])::|(?<![\w.>:]))s?rand(?:om)?\s*\(|\bstd::random_device\b|\bmt19937',
     'randomness is Config::entropy'),
    (r'\b(?:std::)?(?:thread|jthread|mutex|condition_variable)\b(?=\s*[\w<{;])|\bthread_local\b',
     'the engine starts no thread and takes no lock'),
]
BANNED_INCLUDES = {
    'iostream', 'istream', 'ostream', 'fstream', 'sstream', 'iomanip', 'cstdio', 'locale', 'clocale',
    'cctype', 'string', 'vector', 'deque', 'list', 'map', 'set', 'unordered_map', 'unordered_set',
    'functional', 'any', 'chrono', 'ctime', 'random', 'thread', 'mutex', 'shared_mutex', 'future',
    'condition_variable', 'stdexcept', 'exception', 'typeinfo', 'regex', 'format', 'filesystem',
    'cstdlib',
}
ABBREVIATIONS = {
    'len': 'size (octets) or count (items)', 'buf': 'what it holds', 'hdr': 'header',
    'ctx': 'context', 'idx': 'index', 'ptr': 'what it points to', 'cnt': 'count',
    'tmp': 'what it is', 'msg': 'message',
}

VIOLATIONS = 'engine/vocabulary/violation.cpp'
MIRROR = 'tests/capi/mirror.tsv'
MIRROR_COLUMNS = ['C++', 'C', 'why']

# Structs whose every member is an option: it stands in a table of one of the pages, and in a test.
OPTIONS = {
    'engine/include/hawse/config.hpp': {'Config', 'Limits', 'Waits'},
    'engine/include/hawse/deflate.hpp': {'DeflatePolicy'},
    'engine/include/hawse/memory.hpp': {'CodecLimits'},
}
OPTION_PAGES = ('docs/behaviour.md', 'docs/limits.md')
OPTION_TESTS = 'tests/behaviour/options_test.cpp'

CPP = {'.cpp', '.hpp', '.c', '.h', '.cc'}
SCRIPT = {'.py', '.sh', '.mjs', '.js', '.build', '.txt', '.options'}
DATA = {'.tsv', '.json', '.jsonl', '.md', '.html', '.css', '.dict', '.hex'}
NAMED = {'run': 'script', 'LICENSE': 'data', '.clang-format': 'script', '.clang-tidy': 'script',
         '.gitignore': 'data'}

# ---- The tree -----------------------------------------------------------------------------------

TOKEN = re.compile(
    r'(?P<comment>//(?:[^\n\\]|\\.)*|/\*.*?\*/)'
    r'|(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]*)\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|\b[0-9](?:[\w.]|\'(?=\w))*', re.S)


def blank(text):
    return re.sub(r'[^\n]', ' ', text)


class Source:
    """One text file, and views of it that keep every line where it is."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.name = path.rsplit('/', 1)[-1]
        self.suffix = pathlib.PurePosixPath(path).suffix
        self.is_cpp = self.suffix in CPP
        self.is_script = self.suffix in SCRIPT or NAMED.get(self.name) == 'script'
        self.lines = text.split('\n')

    def under(self, folder):
        return self.path.startswith(folder + '/')

    @functools.cached_property
    def layer(self):
        parts = self.path.split('/')
        if parts[0] != 'engine' or len(parts) < 3:
            return None
        return 'hawse' if parts[1] == 'include' else parts[1]

    @functools.cached_property
    def without_comments(self):
        return TOKEN.sub(lambda m: blank(m[0]) if m['comment'] else m[0], self.text)

    @functools.cached_property
    def code(self):
        """Without comments, and with nothing between quotes."""
        def replaced(match):
            token = match[0]
            if match['comment']:
                return blank(token)
            if token[0] not in '"\'' and '"' not in token:
                return token
            first = token.index('"') if '"' in token else 0
            return token[:first + 1] + blank(token[first + 1:-1]) + token[-1]
        return TOKEN.sub(replaced, self.text)

    @functools.cached_property
    def plain_code(self):
        """`code` without directives other than their line breaks."""
        return re.sub(r'^[ \t]*#(?:[^\n\\]|\\\n|\\.)*', lambda m: blank(m[0]), self.code, flags=re.M)

    @functools.cached_property
    def code_lines(self):
        return [number for number, line in enumerate(self.code.split('\n'), 1) if line.strip()]

    @functools.cached_property
    def includes(self):
        """(line, name, quoted) of each #include."""
        pattern = r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]'
        return [(line_of(self.text, m.start()), m[2], m[1] == '"')
                for m in re.finditer(pattern, self.without_comments, re.M)]

    @functools.cached_property
    def functions(self):
        return list(functions_of(self.plain_code))


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def closing(code, offset):
    """The offset of the bracket that closes the one at `offset`, or the end."""
    opened, closes = code[offset], {'(': ')', '{': '}'}[code[offset]]
    depth = 0
    for match in re.compile(r'[%s%s]' % (re.escape(opened), re.escape(closes))).finditer(code, offset):
        depth += 1 if match[0] == opened else -1
        if depth == 0:
            return match.start()
    return len(code)


def kind_of_block(head, before):
    """What a brace opens, given the text since the last declaration ended."""
    head = re.sub(r'\b(?:public|private|protected)\s*:(?!:)', ' ', head)
    head = re.sub(r'\[\[.*?\]\]', ' ', head, flags=re.S).strip()
    flat = re.sub(r'^template\s*<.*?>\s*(?=[\w\[:~])', '', head, flags=re.S)
    if re.match(r'(?:inline\s+)?namespace\b|extern\s*"', flat):
        return 'scope'
    if re.match(r'(?:class|struct|union)\b', flat) and not re.search(r'\)\s*(?:\w+\s*)*$', flat):
        return 'scope'
    if re.match(r'enum\b', flat):
        return 'data'
    shape = re.sub(r'operator\s*(?:[-+*/%^&|~!=<>]+|\(\s*\)|\[\s*\])', 'operator', flat)
    for _ in range(20):  # innermost parentheses first
        shape, count = re.subn(r'\([^()]*\)', '\x00', shape)
        if count == 0:
            break
    if '\x00' not in shape:
        return 'data'
    if '=' in shape.split('\x00')[0] and not re.search(r'\]\s*$|\]\s*\x00', shape):
        return 'data'
    initialisers = re.search(r'\x00\s*(?:noexcept\s*\x00?\s*)?:(?!:)', shape)
    if initialisers and re.search(r'[\w>]\s*$', before) and not shape.rstrip().endswith('\x00'):
        return 'initialiser'
    return 'function'


def functions_of(code):
    """(name, first line, last line, body) of every function; lambdas belong to theirs."""
    offset = start = 0
    bracket = re.compile(r'[(){};]')
    while match := bracket.search(code, offset):
        offset = match.end()
        if match[0] == '(':
            offset = closing(code, match.start()) + 1
        elif match[0] in ';})':
            start = offset
        else:
            head = code[start:match.start()]
            kind = kind_of_block(head, code[:match.start()][-80:])
            if kind == 'scope':
                start = offset
                continue
            end = closing(code, match.start())
            offset = end + 1
            if kind == 'function':
                name = re.search(r'(operator\b[^(]*|[~\w:]+)\s*\(', head)
                first = start + len(head) - len(head.lstrip())
                yield (name[1] if name else '?', line_of(code, first), line_of(code, end),
                       (match.start(), end))
                start = offset
            elif kind == 'data':
                pass  # the declaration ends at its semicolon


def statements_of(code, begin, end):
    """(head, offset of the head, what follows it) of each declaration between the offsets: what follows
    is ';', or the two offsets of the body's braces. Access labels are statements of their own."""
    offset = start = begin
    pattern = re.compile(r'[({;]|\b(?:public|private|protected)\s*:(?!:)')
    while (match := pattern.search(code, offset)) and match.start() < end:
        offset = match.end()
        if match[0] == '(':
            offset = closing(code, match.start()) + 1
            continue
        head = code[start:match.start()]
        first = start + len(head) - len(head.lstrip())
        if match[0] == '{':
            close = closing(code, match.start())
            offset = close + 1
            if kind_of_block(head, '') == 'data' and not re.search(r'\benum\b', head):
                continue  # an initialiser: the declaration ends at its semicolon
            yield head.strip(), first, (match.start() + 1, close)
        elif match[0] == ';':
            yield head.strip(), first, ';'
        else:
            yield match[0], match.start(), ';'
        start = offset


def enumerators_of(body):
    return [name for name in re.findall(r'(\w+)\s*(?:=[^,]*)?(?:,|$)', body)]


def public_names(code, begin=0, end=None, scope=None, public=True):
    """(offset, kind, name, type of the first parameter) of all that namespace hawse shows: a
    'function', a 'member' or constant, an 'enumerator'. Operators, and what is deleted, are nothing to
    call. `scope` is None outside the namespace, '' in it, else the class and '::'."""
    for head, offset, body in statements_of(code, begin, len(code) if end is None else end):
        flat = re.sub(r'\[\[.*?\]\]|\bHAWSE_API\b', ' ', head, flags=re.S)
        if access := re.match(r'(public|private|protected)\s*:', flat):
            public = access[1] == 'public'
        elif space := re.match(r'(?:inline\s+)?namespace\s*([\w:]*)', flat):
            if body != ';' and scope is None and space[1] == 'hawse':
                yield from public_names(code, *body, scope='')
        elif scope is None or not public:
            continue
        elif enum := re.match(r'enum\s+(class\s+)?(\w*)', flat):
            within = f'{scope}{enum[2]}::' if enum[1] else scope
            for name in enumerators_of(code[slice(*body)]) if body != ';' else []:
                yield offset, 'enumerator', within + name, ''
        elif body != ';' and (kind := re.match(r'(class|struct)\s+(\w+)', flat)):
            yield from public_names(code, *body, f'{scope}{kind[2]}::', kind[1] == 'struct')
        elif re.match(r'(?:using|friend|typedef|static_assert|class|struct)\b', flat) or (
                re.search(r'\boperator\b|=\s*delete$', flat) or not flat.strip()):
            continue
        elif pointer := re.search(r'\(\s*\*\s*(\w+)\s*\)', flat):
            yield offset, 'member', scope + pointer[1], ''
        elif function := re.search(r'(~?\w+)\s*\(([^,()]*)', re.split(r'[={]', flat)[0]):
            first = re.sub(r'\s*\w+$', '', function[2].strip())
            yield offset, 'function', scope + function[1], first
        elif member := re.search(r'(\w+)\s*(?:\[.*)?$', re.split(r'[={]', flat)[0].strip()):
            yield offset, 'member', scope + member[1], ''


def c_names(source):
    """(offset, kind, name) of all that a C header declares; a member as `struct.member`, but for the
    size that a struct begins with."""
    code = source.plain_code
    for match in re.finditer(r'\bHAWSE_API\b[^;()]*?\b(hawse_\w+)\s*\(', code):
        yield match.start(), 'function', match[1]
    for match in re.finditer(r'^#define[ \t]+(HAWSE_\w+)', source.without_comments, re.M):
        yield match.start(), 'constant', match[1]
    for match in re.finditer(r'\benum\s*\{([^}]*)\}', code):
        for name in enumerators_of(match[1]):
            yield match.start(), 'enumerator', name
    for match in re.finditer(r'\b(?:struct|union)\s+(hawse_\w+)\s*\{([^}]*)\}', code):
        members = [re.search(r'\(\s*\*\s*(\w+)\s*\)|(\w+)\s*(?:\[.*)?$', member.strip(), re.S)
                   for member in match[2].split(';')]
        names = [member[1] or member[2] for member in members if member]
        for name in names[names[:1] == ['size']:]:
            yield match.start(), 'member', f'{match[1]}.{name}'


class Tree:
    def __init__(self, root, lifecycle=None):
        self.root, self.lifecycle = pathlib.Path(root), lifecycle
        self.sources = [Source(path, text) for path, text in sorted(self.read())]
        self.by_path = {source.path: source for source in self.sources}
        self.used_exemptions = set()

    def read(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(
                name for name in folders
                if name not in ('node_modules', '__pycache__', 'subprojects', 'corpus')
                and (not name.startswith('.') or name == '.ci')
                and not name.startswith('build')
                and not os.path.exists(os.path.join(folder, name, 'meson-private')))
            for name in names:
                if not (pathlib.PurePath(name).suffix in CPP | SCRIPT | DATA or name in NAMED):
                    continue
                full = pathlib.Path(folder, name)
                yield full.relative_to(self.root).as_posix(), full.read_text('utf-8', 'replace')

    def engine(self):
        return [source for source in self.sources if source.layer and source.is_cpp]

    def exempt(self, rule_name, subject):
        self.used_exemptions.add((rule_name, subject))
        return (rule_name, subject) in EXEMPTIONS

    @functools.cached_property
    def requirements(self):
        """id -> (line, row), of the project's own data; rows that lack a column are not among them."""
        source = self.by_path.get(requirements.DATA)
        lines = [line.split('\t') for line in source.lines] if source else []
        return {line[0]: (number, requirements.Row(*line)) for number, line in enumerate(lines, 1)
                if number > 1 and len(line) == len(requirements.COLUMNS)}

    @functools.cached_property
    def violations(self):
        """(line, name, requirement) of each row of the table but the first, which is none."""
        source = self.by_path.get(VIOLATIONS)
        text = source.without_comments if source else ''
        return [(line_of(text, m.start(1)), m[1], m[2])
                for m in re.finditer(r'^\s*ROW\((\w+),\s*\d+,\s*"([^"]*)"', text, re.M)
                if m[1] != 'none']

    @functools.cached_property
    def cases(self):
        """Every test that has a title; its ids are what looks like an id among its tags."""
        return [case for source in self.sources if requirements.holds_cases(source.path)
                for case in requirements.cases_of(
                    source.path, source.without_comments if source.is_cpp else source.text)]

    @functools.cached_property
    def tags(self):
        """(path, line, id) of each of them."""
        return [(case.path, case.line, identifier) for case in self.cases for identifier in case.ids]


# ---- The rules ----------------------------------------------------------------------------------

RULES = {}


def rule(name):
    def register(function):
        RULES[name] = function
        return function
    return register


@rule('layer')
def layers(tree):
    """The direction of dependence: engine/ folders, and who may only see the face."""
    for source in tree.engine():
        if source.layer not in LAYERS:
            yield source.path, 1, f'{source.layer}/ is no layer: move the file, or add it to LAYERS'
            continue
        allowed = {source.layer, *LAYERS[source.layer]}
        for line, name, _ in source.includes:
            folder = name.split('/')[0] if '/' in name else None
            if folder in LAYERS and folder not in allowed:
                yield source.path, line, (f'{source.layer} must not include {folder}: '
                                          f'it may see {", ".join(sorted(allowed))}')


@rule('include')
def includes(tree):
    """How the engine names a header: its own by folder, others only from the C++ library."""
    for source in tree.engine():
        if source.layer == 'hawse' and source.name in OPTIONAL_HEADERS:
            continue
        system = STANDARD_HEADERS | LAYER_HEADERS.get(source.layer, set())
        for line, name, quoted in source.includes:
            folder = name.split('/')[0] if '/' in name else None
            if quoted and folder not in LAYERS:
                yield source.path, line, f'write "{name}" with the folder of its layer'
            elif not quoted and folder in LAYERS:
                yield source.path, line, f'our own headers stand in quotes: "{name}"'
            elif not quoted and name not in system:
                yield source.path, line, (f'<{name}> is not the C++ library: only '
                                          f'{", ".join(sorted(OPTIONAL_HEADERS))} know a platform')
            if folder == 'hawse' and name.split('/')[1] in OPTIONAL_HEADERS:
                yield source.path, line, f'{name} is for hosts: the engine includes none of it'


@rule('face-only')
def face_only(tree):
    """Examples, fuzzers and benchmarks are hosts: they see the face and their own files."""
    for source in tree.sources:
        folder = next((folder for folder in FACE_ONLY if source.under(folder)), None)
        if folder is None or not source.is_cpp:
            continue
        for line, name, _ in source.includes:
            first = name.split('/')[0] if '/' in name else None
            if first in LAYERS and first not in FACE_ONLY[folder]:
                yield source.path, line, f'{folder} includes only the face: not {name}'
            elif 'engine/' in name:
                yield source.path, line, f'{folder} includes only the face: write "hawse/..."'


@rule('function-size')
def function_size(tree):
    for source in tree.engine():
        for name, first, last, _ in source.functions:
            size = sum(first <= number <= last for number in source.code_lines)
            if size > RATCHETS['function-size'] and not tree.exempt(
                    'function-size', f'{source.path}::{name}'):
                yield source.path, first, (f'{name} has {size} lines of code, at most '
                                           f'{RATCHETS["function-size"]}: split it')


@rule('file-size')
def file_size(tree):
    for source in tree.engine():
        size = len(source.code_lines)
        if size > RATCHETS['file-size'] and not tree.exempt('file-size', source.path):
            yield source.path, 1, (f'{size} lines of code, at most {RATCHETS["file-size"]}: '
                                   'split it by nouns')


@rule('header-size')
def header_size(tree):
    for source in tree.engine():
        size = len(source.code_lines)
        if source.layer == 'hawse' and size > RATCHETS['header-size'] and not tree.exempt(
                'header-size', source.path):
            yield source.path, 1, (f'{size} lines of code in a public header, at most '
                                   f'{RATCHETS["header-size"]}: split it')


@rule('driver-size')
def driver_size(tree):
    """Lines of code of a driver, includes counted; what all of them need is in headers."""
    for source in tree.sources:
        if not source.under(DRIVERS) or source.suffix not in ('.cpp', '.py'):
            continue
        told = re.sub(r'^[ \t]*""".*?"""', '', source.text, flags=re.M | re.S).split('\n')
        size = len(source.code_lines) if source.is_cpp else sum(
            bool(line.strip()) and not line.lstrip().startswith('#') for line in told)
        if size > DRIVER_SIZE:
            yield source.path, 1, (f'{size} lines of code in a driver, at most {DRIVER_SIZE}: say it '
                                   'shorter, or change the face that makes it long')
        page = tree.by_path.get(DRIVERS_PAGE)
        row = f'| `{source.name}` | {size} |'
        if page and row not in page.text:
            yield DRIVERS_PAGE, 1, f'the table has no row that begins with {row}'


@rule('columns')
def columns(tree):
    for source in tree.engine():
        code = [line.rstrip() for line in source.without_comments.split('\n')]
        for number, (line, bare) in enumerate(zip(source.lines, code), 1):
            size, most = len(bare), RATCHETS['columns']
            if size <= most:
                size, most = len(line), COLUMNS_WITH_COMMENT
            if size > most and not tree.exempt('columns', source.path):
                yield source.path, number, f'{size} columns, at most {most}'


@rule('exemption')
def exemptions(tree):
    """Runs last: an exemption that saved nothing is gone."""
    for rule_name, subject in EXEMPTIONS:
        if subject.split('::')[0] in tree.by_path and (rule_name, subject) not in tree.used_exemptions:
            yield subject.split('::')[0], 1, (f'the exemption from {rule_name} is no longer needed: '
                                              'remove it from EXEMPTIONS')


@rule('spdx')
def spdx(tree):
    for source in tree.sources:
        if not (source.is_cpp or source.is_script or source.suffix in ('.html', '.css')):
            continue
        first = 1 if re.match(r'#!|<!doctype', source.lines[0], re.I) else 0
        line = source.lines[first] if first < len(source.lines) else ''
        if 'SPDX-License-Identifier: MIT' not in line:
            yield source.path, first + 1, 'begin with "SPDX-License-Identifier: MIT" in a comment'


@rule('leftover')
def leftovers(tree):
    pattern = re.compile(r'\b(?:T(?:O)DO|F(?:I)XME|X(?:X)X|H(?:A)CK)\b')
    for source in tree.sources:
        if source.suffix in ('.json', '.jsonl', '.tsv'):
            continue
        for number, line in enumerate(source.lines, 1):
            if match := pattern.search(line):
                yield source.path, number, f'{match[0]}: do it, or open an issue'


STATEMENT = re.compile(
    r'(?:(?:return|goto|delete|break|continue)\b[^.]*;'
    r'|[\w:.\[\]>-]+\(.*\);'
    r'|(?:(?:const|auto|static|unsigned|std::\w+|\w+_t|[A-Z]\w*|int|bool|char)\b[\w:<>*&, ]*\s)?'
    r'[\w:.\[\]>-]+\s*[-+*/|&^]?=(?!=)[^=].*;'
    r'|(?:\}\s*else\s*)?(?:if|for|while|switch)\s*\(.*\)\s*\{?'
    r'|\}?\s*else\s*\{|[{}]+;?|#\s*(?:include|define|if|ifdef|endif|pragma)\b.*)$')


@rule('dead-code')
def dead_code(tree):
    """Code that is switched off. Samples are not: an indented one in a file's head or behind ///."""
    for source in tree.sources:
        if not source.is_cpp and source.suffix not in ('.js', '.mjs'):
            continue
        for match in re.finditer(r'^[ \t]*#[ \t]*if[ \t]+(?:0|false)\b', source.code, re.M):
            yield source.path, line_of(source.code, match.start()), 'delete what is switched off'
        in_head = True
        for number, line in enumerate(source.lines, 1):
            comment = re.match(r'\s*(//+!?)(.*)$', line)
            if not comment:
                in_head = in_head and (not line.strip() or line.startswith('#!'))
                continue
            sample = comment[2].startswith('    ') and (in_head or comment[1] == '///')
            text = re.sub(r'\s*//.*$', '', comment[2]).strip()
            if text and not sample and STATEMENT.fullmatch(text):
                yield source.path, number, 'this comment is code: delete it'


@rule('skipped-test')
def skipped_tests(tree):
    pattern = re.compile(r'\bSKIP\s*\(|"\[(?:\.[^"\]]*|hide|!hide|!mayfail|!shouldfail)\]')
    for source in tree.sources:
        if not source.under('tests') or not source.is_cpp:
            continue
        for match in pattern.finditer(source.without_comments):
            yield (source.path, line_of(source.text, match.start()),
                   'a test that does not run proves nothing: repair it or delete it')


@rule('white-space')
def white_space(tree):
    for source in tree.sources:
        for number, line in enumerate(source.lines, 1):
            if '\t' in line and source.suffix not in ('.tsv', '.dict'):
                yield source.path, number, 'write spaces for the tab'
            if line != line.rstrip() and source.suffix != '.tsv':
                yield source.path, number, 'remove the space at the end'
        if source.text and not source.text.endswith('\n'):
            yield source.path, len(source.lines), 'end the file with a line break'
        elif source.text.endswith('\n\n'):
            yield source.path, len(source.lines) - 1, 'remove the empty line at the end'


@rule('banned')
def banned(tree):
    for source in tree.engine():
        if source.layer == 'hawse' and source.name in OPTIONAL_HEADERS:
            continue
        for pattern, reason in BANNED:
            for match in re.finditer(pattern, source.plain_code):
                yield (source.path, line_of(source.text, match.start()),
                       f'{match[0].strip().rstrip("(").strip()}: {reason}')
        for line, name, quoted in source.includes:
            if not quoted and name in BANNED_INCLUDES:
                yield source.path, line, f'<{name}>: the engine needs nothing of it'


@rule('static')
def static_locals(tree):
    """State that outlives a call belongs to an object."""
    for source in tree.engine():
        for name, _, _, (begin, end) in source.functions:
            pattern = re.compile(r'\bstatic\b(?!\s+(?:constexpr|const|consteval)\b)')
            for match in pattern.finditer(source.plain_code, begin, end):
                yield (source.path, line_of(source.text, match.start()),
                       f'{name} keeps state in a static: make it a member, or constexpr')


@rule('abbreviation')
def abbreviations(tree):
    """Whole words. Headers for a platform spell the platform's own names."""
    for source in tree.engine():
        if source.layer == 'hawse' and source.name in OPTIONAL_HEADERS:
            continue
        for match in re.finditer(r'\b[A-Za-z_]\w*', source.plain_code):
            words = re.findall(r'[A-Z]?[a-z]+|[A-Z]+(?![a-z])', match[0])
            for word in words:
                if instead := ABBREVIATIONS.get(word.lower()):
                    yield (source.path, line_of(source.text, match.start()),
                           f'{match[0]}: say {instead}')


@rule('unbuilt')
def unbuilt(tree):
    """Every source is built and every name in a source list exists; every test file is built."""
    build = tree.by_path.get('engine/meson.build')
    listed = {}
    for number, line in enumerate(build.lines if build else [], 1):
        for name in re.findall(r"'([^']+\.(?:cpp|c))'", line.split('#')[0]):
            listed[f'engine/{name}'] = number
    present = {source.path for source in tree.engine() if source.suffix in ('.cpp', '.c')}
    for path in sorted(present - set(listed)):
        yield path, 1, 'list it in engine/meson.build, or delete it'
    for path in sorted(set(listed) - present):
        yield 'engine/meson.build', listed[path], f'{path} does not exist'
    builds = ''.join(source.text for source in tree.sources
                     if source.under('tests') and source.name == 'meson.build')
    for source in tree.sources:
        if source.under('tests') and source.name.endswith('_test.cpp'):
            if not re.search(rf'\b{re.escape(source.name[:-len("_test.cpp")])}\b|'
                             rf'\b{re.escape(source.name[:-len(".cpp")])}\b', builds):
                yield source.path, 1, 'no meson.build under tests/ names it: it never runs'
    transcripts = tree.by_path.get('tests/transcripts/README.md')
    for source in tree.sources:
        if source.under('tests/transcripts') and source is not transcripts:
            if transcripts is None or f'\n- [{source.name[:-3]}]({source.name})' not in transcripts.text:
                yield source.path, 1, 'tests/transcripts/README.md does not list it: it never runs'


@rule('requirement-data')
def requirement_data(tree):
    source = tree.by_path.get(requirements.DATA)
    if source is None:
        yield requirements.DATA, 1, 'is missing: it holds every requirement'
        return
    if source.lines[0].split('\t') != requirements.COLUMNS:
        yield source.path, 1, f'the columns are {", ".join(requirements.COLUMNS)}'
    seen = set()
    for number, line in enumerate(source.lines[1:], 2):
        if number == len(source.lines) and not line:
            continue
        row = line.split('\t')
        if len(row) != len(requirements.COLUMNS) or not all(row[:6]):
            yield source.path, number, (f'a row has {len(requirements.COLUMNS)} columns, all but the '
                                        'last not empty')
            continue
        row = requirements.Row(*row)
        for what, value, known in (('level', row.level, requirements.LEVELS),
                                   ('owner', row.owner, requirements.OWNERS),
                                   ('status', row.status, requirements.STATUSES)):
            if value not in known:
                yield source.path, number, f'{value} is no {what}: {", ".join(known)}'
        if not requirements.ID.fullmatch(row.id):
            yield source.path, number, f'{row.id} is no id: <RFC>-<section>-<number>'
        elif row.id in seen:
            yield source.path, number, f'{row.id} is there twice'
        if row.status == 'tested' and row.reason:
            yield source.path, number, 'the tests are the reason: leave it empty'
        elif row.status != 'tested' and not re.fullmatch(r'[A-Z0-9"`].{20,}\.', row.reason):
            yield source.path, number, f'say in a sentence why it is {row.status}'
        seen.add(row.id)


@rule('requirement')
def requirement_ids(tree):
    """Every id that is cited exists, and a tag belongs to a test."""
    tagged = set()
    for path, line, identifier in tree.tags:
        tagged.add(identifier)
        if identifier not in tree.requirements:
            yield path, line, f'[{identifier}] is not in {requirements.DATA}'
    for source in tree.sources:
        if source.path in (requirements.DATA, requirements.PAGE) or not (
                source.is_cpp or source.is_script or source.suffix == '.md'):
            continue
        for number, line in enumerate(source.lines, 1):
            for match in requirements.ID.finditer(line):
                if match[0] not in tree.requirements and match[0] not in tagged:
                    yield source.path, number, f'{match[0]} is not in {requirements.DATA}'
        if source.under('tests') and source.is_cpp:
            text = source.without_comments
            held = collections.Counter(identifier for path, _, identifier in tree.tags
                                       if path == source.path)
            for match in requirements.TAG.finditer(text):
                held[match[1]] -= 1
                if held[match[1]] < 0:
                    yield (source.path, line_of(text, match.start()),
                           f'[{match[1]}] is no tag of a TEST_CASE: make it one')
    for line, name, identifier in tree.violations:
        if not requirements.ID.fullmatch(identifier):
            yield VIOLATIONS, line, f'{name} cites {identifier or "nothing"}, which is no requirement id'


@rule('untested')
def untested(tree):
    """What is said to be tested is, and what is accused or demanded is said to be tested."""
    tagged = {identifier for _, _, identifier in tree.tags}
    for identifier, (line, row) in tree.requirements.items():
        if row.status == 'tested':
            if identifier not in tagged:
                yield requirements.DATA, line, f'no test is tagged [{identifier}]: write it'
            continue
        if identifier in tagged:
            how = ('tests/requirements.py --write makes it tested' if row.status == 'by design' else
                   'make it tested, or take the tag away')
            yield requirements.DATA, line, f'{identifier} is {row.status} and has a test: {how}'
        elif row.status == 'compression' and row.id.split('-')[0] not in ('7692', '6455'):
            yield requirements.DATA, line, f'{identifier} does not wait for permessage-deflate'
        elif (row.level in ('MUST', 'MUST NOT') and row.owner in ('engine', 'shared')
                and row.status != 'compression'):
            yield requirements.DATA, line, f'{identifier} is ours, and {row.level}: test it'
        elif row.owner == 'engine' and row.status == 'not ours' and row.level != 'MAY':
            yield requirements.DATA, line, f'{identifier} is the engine\'s: test it, or say why it holds'
    for line, name, identifier in tree.violations:
        if identifier in tree.requirements and tree.requirements[identifier][1].status != 'tested':
            yield VIOLATIONS, line, f'{name} cites {identifier}, which is not tested: test it'


@rule('option')
def options(tree):
    """Every option has a row in a table of the documentation, and a test whose title begins with it."""
    pages = '\n'.join(tree.by_path[path].text for path in OPTION_PAGES if path in tree.by_path)
    told = {case.title.split(': ')[0] for case in tree.cases if case.path == OPTION_TESTS}
    whole = {owner.lower() for owners in OPTIONS.values() for owner in owners}  # a member of another
    for path, owners in OPTIONS.items():
        source = tree.by_path.get(path)
        for offset, kind, name, _ in public_names(source.plain_code) if source else []:
            owner, _, member = name.rpartition('::')
            if kind != 'member' or owner not in owners or member in whole:
                continue
            line = line_of(source.plain_code, offset)
            if not re.search(rf'^\| `{member}`(?: of an? `{owner}`)? \|', pages, re.M):
                yield path, line, f'{" and ".join(OPTION_PAGES)} have no row | `{member}` |'
            if member not in told:
                yield path, line, f'{OPTION_TESTS} has no test "{member}: ...", in both positions'


@rule('mirror')
def mirror(tree):
    """Both faces say the same: whatever one of them shows has a row that names its twin in the other,
    or says why there is none. Enumerators have none, but a static_assert that ties the two."""
    headers = [source for source in tree.engine() if source.layer == 'hawse']
    shown, shown_in_c = {}, {}
    for source in headers:
        if source.suffix == '.h':
            for offset, kind, name in c_names(source):
                shown_in_c.setdefault(name, (source, offset, kind))
            continue
        for offset, kind, name, first in public_names(source.plain_code):
            shown.setdefault(name, {})[first] = (source, offset, kind)
    for name in list(shown):  # one of several functions is named with its first parameter
        parts = name.split('::')
        if len(shown[name]) > 1 and parts[-1:] != parts[-2:-1]:  # constructors are one
            for first, where in shown.pop(name).items():
                shown[f'{name}({first})'] = where
        else:
            shown[name] = next(iter(shown[name].values()))

    rows, twins = set(), set()
    for source in tree.engine():
        if source.layer == 'capi':
            for name, twin in re.findall(r'\bSAME\(([\w:]+),\s*(\w+)\)', source.plain_code):
                rows.add(name)
                twins.add(twin)
    table = tree.by_path.get(MIRROR)
    for number, line in enumerate(table.lines if table else [], 1):
        row = line.split('\t')
        if number == 1 or not line:
            if number == 1 and row != MIRROR_COLUMNS:
                yield table.path, 1, f'the columns are {", ".join(MIRROR_COLUMNS)}'
            continue
        if len(row) != len(MIRROR_COLUMNS):
            yield table.path, number, f'a row has {len(MIRROR_COLUMNS)} columns'
            continue
        if not (row[0] and row[1] or row[2]):
            yield table.path, number, 'name it in C++ and in C, or say why it is in one of them alone'
        rows.add(row[0])
        twins.update(row[1].split())
        if row[0] and row[0] not in shown:
            yield table.path, number, f'{row[0]} is not in the C++ face: remove the row'
        for name in row[1].split():
            if name not in shown_in_c:
                yield table.path, number, f'{name} is not in the C face'
    for missing, known, where in (('C', rows, shown), ('C++', twins, shown_in_c)):
        for name, (source, offset, kind) in where.items():
            if name not in known:
                how = 'tie it with SAME() in engine/capi' if kind == 'enumerator' else (
                    f'add it to {MIRROR}, with its twin in {missing} or why there is none')
                yield source.path, line_of(source.plain_code, offset), f'{name}: {how}'


@rule('generated')
def generated(tree):
    """Documents that a program prints are what it prints."""
    data, printed = tree.by_path.get(requirements.DATA), tree.by_path.get(requirements.PAGE)
    if data and (printed is None or
                 printed.text != requirements.page(requirements.rows_of(data.text), tree.cases)):
        yield requirements.PAGE, 1, 'is stale: tests/requirements.py --write'
    if tree.lifecycle is None:
        return
    document = tree.by_path.get('docs/lifecycle.md')
    printed = subprocess.run([tree.lifecycle], stdout=subprocess.PIPE, check=True,
                             timeout=60).stdout.decode()
    if document is None or document.text != printed:
        yield 'docs/lifecycle.md', 1, (f'is not what {os.path.basename(tree.lifecycle)} prints: '
                                       'write it anew from its output')


@rule('portable')
def portable(tree):
    """Nothing of one machine or one mirror."""
    pattern = re.compile(r'(?<![\w.:/~-])/(?:home|root|Users|work)/\w|"resolved"\s*:|'
                         r'\bregistry\.(?!\w*[({\s])[\w.-]+\.\w+')
    for source in tree.sources:
        for number, line in enumerate(source.lines, 1):
            if match := pattern.search(line):
                yield source.path, number, f'{match[0]} is of one machine: leave it out'


# ---- The program --------------------------------------------------------------------------------

def findings(root, lifecycle=None):
    tree = Tree(root, lifecycle)
    order = [name for name in RULES if name != 'exemption'] + ['exemption']
    return [(path, line, name, text) for name in order for path, line, text in RULES[name](tree)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--root', default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument('--lifecycle', metavar='PROGRAM', help='prints docs/lifecycle.md')
    options = parser.parse_args()
    found = findings(options.root, options.lifecycle)
    for path, line, name, text in sorted(found):
        print(f'{path}:{line}: {name}: {text}')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
