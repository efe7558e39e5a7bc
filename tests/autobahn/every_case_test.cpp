// SPDX-License-Identifier: MIT
// Nothing is left out: each case of the data has run, and the data is as long as the suite's list.
#include "autobahn/fuzzer.hpp"

#include <algorithm>
#include <map>
#include <set>

using namespace hawse::test::autobahn;

TEST_CASE("every case of the list has a row that runs in both roles") {
    std::set<std::string> groups;
    for (const Listed& one : listed()) groups.insert(one.group);
    for (const std::string& name : groups) {
        const auto found = std::find_if(Group::all().begin(), Group::all().end(),
                                        [&](const Group* group) { return group->has(name); });
        INFO(name);
        REQUIRE(found != Group::all().end());
        if (!(*found)->judged()) (*found)->judge();  // when this test runs alone, or before others
    }
    const std::set<std::string> ran(Group::ran().begin(), Group::ran().end());
    std::string missing;
    for (const Listed& one : listed())
        for (const char* as : {" server", " client"})
            if (ran.count(one.number + as) == 0) missing += one.number + as + '\n';
    CHECK(missing == "");
}

TEST_CASE("the list has the suite's cases of groups 1 to 7, 9, 10, 12 and 13, each once") {
    std::map<std::string, int> count;
    std::set<std::string> numbers;
    for (const Listed& one : listed()) {
        ++count[one.number.substr(0, one.number.find('.'))];
        CHECK(one.number.substr(0, one.number.rfind('.')) == one.group);
        CHECK(one.title != "");
        numbers.insert(one.number);
    }
    CHECK(count == std::map<std::string, int>{{"1", 16},
                                              {"2", 11},
                                              {"3", 7},
                                              {"4", 10},
                                              {"5", 20},
                                              {"6", 145},
                                              {"7", 37},
                                              {"9", 54},
                                              {"10", 1},
                                              {"12", 90},
                                              {"13", 126}});
    CHECK(numbers.size() == listed().size());
}
