#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The recipes of docs/packaging: their version is the project's, what a release fills in is filled in
everywhere or nowhere, Python and JSON can be read, and the port's script calls what it must.

    tests/packaging/packaging_test.py --version VERSION [--cmake CMAKE]
"""

import argparse
import json
import pathlib
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RECIPES = HERE.parent.parent / 'docs' / 'packaging'
# What a release fills in, and what it must look like then.
PLACES = {
    ('vcpkg/portfile.cmake', 'REPO "', '@RELEASE_REPOSITORY@'): r'[\w.-]+/[\w.-]+',
    ('vcpkg/portfile.cmake', 'SHA512 "', '@RELEASE_SHA512@'): r'[0-9a-f]{128}',
    ('conan/conanfile.py', 'homepage = "', '@RELEASE_HOMEPAGE@'): r'https://\S+',
    ('conan/conandata.yml', 'url: "', '@RELEASE_ARCHIVE@'): r'https://\S+',
    ('conan/conandata.yml', 'sha256: "', '@RELEASE_SHA256@'): r'[0-9a-f]{64}',
}
CALLS = ['vcpkg_from_github', 'vcpkg_configure_meson', 'vcpkg_install_meson', 'vcpkg_copy_pdbs',
         'vcpkg_fixup_pkgconfig', 'vcpkg_cmake_config_fixup', 'vcpkg_install_copyright']


def read(name):
    return (RECIPES / name).read_text()


def check_versions(version):
    assert json.loads(read('vcpkg/vcpkg.json'))['version'] == version, 'vcpkg.json'
    for name in ('conan/config.yml', 'conan/conandata.yml'):
        assert re.findall(r'^  "([^"]+)":$', read(name), re.M)[-1:] == [version], name


def check_places():
    open_places = []
    for (name, before, mark), pattern in PLACES.items():
        values = re.findall(re.escape(before) + r'([^"]*)"', read(name))
        assert values, f'{name}: {before} is missing'
        open_places += [value == mark for value in values]
        assert all(value == mark or re.fullmatch(pattern, value) for value in values), (name, values)
    assert len(set(open_places)) == 1, 'a release fills in all places or none'


def check_python():
    for name in ('conan/conanfile.py', 'conan/test_package/conanfile.py'):
        compile(read(name), name, 'exec')


def check_port(cmake, version):
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [cmake, f'-DPORTFILE={RECIPES / "vcpkg" / "portfile.cmake"}', f'-DVERSION={version}',
             f'-DCURRENT_PACKAGES_DIR={folder}', '-P', HERE / 'vcpkg_stubs.cmake'],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True, timeout=60)
        called = re.findall(r'^(vcpkg_\w+) (.*)$', ran.stdout.decode(), re.M)
        assert [name for name, _ in called] == CALLS, called
        assert f'REF;v{version}' in called[0][1], called[0]
        assert pathlib.Path(folder, 'share', 'hawse', 'usage').is_file()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--version', required=True)
    parser.add_argument('--cmake')
    options = parser.parse_args()
    check_versions(options.version)
    check_places()
    check_python()
    if options.cmake:
        check_port(options.cmake, options.version)
    else:
        print('the port is not run: there is no cmake')


if __name__ == '__main__':
    main()
