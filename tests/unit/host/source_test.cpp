// Which files are sources, and how they are compiled.
#include "host/source/source.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace spore::host {
namespace {

using testing::ElementsAre;

class Source : public testing::Test {
protected:
    void SetUp() override {
        for (auto* name : variables) ::unsetenv(name);
    }
    void TearDown() override { SetUp(); }
    static constexpr const char* variables[] = {"CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS"};
};

TEST_F(Source, IsToldByItsName) {
    EXPECT_EQ(language_of("a/b.c"), Language::c);
    for (auto* name : {"b.cpp", "b.cc", "b.cxx", "./b.C"}) EXPECT_EQ(language_of(name), Language::cpp) << name;
    for (auto* name : {"b", "c", ".c", "b.h", "b.c.txt", "b.py", "b.c/a"}) EXPECT_FALSE(language_of(name)) << name;
}

TEST_F(Source, IsCompiledAsTheEnvironmentSays) {
    ::setenv("CC", "ccache  gcc -m64", 1);
    ::setenv("CFLAGS", "-O0 -DX=1", 1);
    ::setenv("LDLIBS", "-lm", 1);
    ::setenv("CXXFLAGS", "-DNOT", 1);
    auto command = compile_command(Language::c, Architecture::x86_64, "/a/b.c", "/out");
    ASSERT_TRUE(command);
    EXPECT_THAT(*command, ElementsAre("ccache", "gcc", "-m64", "-O2", "-g", "-static-pie", "-O0", "-DX=1", "-o", "/out", "/a/b.c", "-lm"));
}

TEST_F(Source, IsCompiledByWhomTheUserNames) {
    ::setenv("CXX", "my++", 1);
    auto named = compile_command(Language::cpp, Architecture::arm64, "/a/b.cc", "/out");
    ASSERT_TRUE(named);
    EXPECT_THAT(*named, ElementsAre("my++", "-O2", "-g", "-static-pie", "-o", "/out", "/a/b.cc"));
}

TEST_F(Source, LeavesOtherProgramsAlone) {
    for (auto* name : {"/bin/true", "/no/such/file.c"}) {
        Request request;
        request.program = name;
        ASSERT_TRUE(compile_source(request));
        EXPECT_EQ(request.program, name);
    }
}

}  // namespace
}  // namespace spore::host
