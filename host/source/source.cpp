#include "host/source/source.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "host/common/fingerprint.hpp"
#include "host/common/process.hpp"
#include "host/common/tools.hpp"
#include "host/plan/architecture.hpp"

namespace spore::host {

namespace {

/// Words of a variable, as make splits them.
void add_words(std::vector<std::string>& words, const char* variable) {
    const char* text = std::getenv(variable);
    for (std::string_view rest = text ? text : ""; !rest.empty();) {
        auto word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(word.size() + 1, rest.size()));
        if (!word.empty()) words.emplace_back(word);
    }
}

struct Compiler {
    std::string_view name, package;
};
/// The first that is there is taken; musl makes the smaller program.
std::vector<Compiler> compilers_for(Language language, Architecture architecture) {
    bool foreign = architecture != native_architecture;
    if (foreign && architecture == Architecture::arm64)
        return {language == Language::c ? Compiler{"aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"} : Compiler{"aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu"}};
    if (foreign) return {language == Language::c ? Compiler{"x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu"} : Compiler{"x86_64-linux-gnu-g++", "g++-x86-64-linux-gnu"}};
    if (language == Language::cpp) return {{"c++", "g++"}};
    return {{"musl-gcc", "musl-tools"}, {"cc", "gcc"}};
}

/// A file of this name that is there and no program already.
bool is_source(const std::string& name) { return language_of(name) && ::access(name.c_str(), F_OK) == 0 && ::access(name.c_str(), X_OK) != 0; }

}  // namespace

std::optional<Language> language_of(const fs::path& file) {
    auto extension = file.extension();
    if (extension == ".c") return Language::c;
    for (auto* one : {".cpp", ".cc", ".cxx", ".C"})
        if (extension == one) return Language::cpp;
    return std::nullopt;
}

Outcome<std::vector<std::string>> compile_command(Language language, Architecture architecture, const fs::path& source, const fs::path& output) {
    bool c = language == Language::c;
    std::vector<std::string> words;
    add_words(words, c ? "CC" : "CXX");
    if (words.empty()) {
        auto all = compilers_for(language, architecture);
        auto found = std::ranges::find_if(all, [](auto& one) { return find_program(std::string(one.name)).has_value(); });
        if (found == all.end())
            return failure(ExitStatus::missing_tool, "{} is a source, and no compiler for it is here: install one with 'apt install {}', or name one in ${}", source.string(), all[0].package,
                           c ? "CC" : "CXX");
        words.emplace_back(found->name);
    }
    words.insert(words.end(), {"-O2", "-g", "-static-pie"});
    for (auto* variable : {"CPPFLAGS", c ? "CFLAGS" : "CXXFLAGS"}) add_words(words, variable);
    words.insert(words.end(), {"-o", output.string(), source.string()});
    for (auto* variable : {"LDFLAGS", "LDLIBS"}) add_words(words, variable);
    return words;
}

Outcome<void> compile_source(Request& request) {
    if (!request.program || request.root || request.sysroot || request.image || !is_source(*request.program)) return {};
    std::error_code error;
    auto source = fs::absolute(*request.program, error).lexically_normal();
    if (error) return failure(ExitStatus::not_found, "cannot tell where {} is: {}", *request.program, error.message());
    auto architecture = request.architecture.value_or(native_architecture);
    Fingerprint name;
    name.add(source.string());
    name.add_number(static_cast<u64>(architecture));
    auto folder = TRY(cache_directory()) / "programs" / name.text();
    fs::create_directories(folder, error);
    if (error) return failure(ExitStatus::failed, "cannot make {}: {}", folder.string(), error.message());
    // Each run its own, until it is whole: several may compile at once.
    auto output = folder / source.stem(), partial = folder / fmt::format(".{}", ::getpid());
    auto command = TRY(compile_command(*language_of(source), architecture, source, partial));
    auto child = start(command, {{STDOUT_FILENO, STDERR_FILENO}, {STDERR_FILENO, STDERR_FILENO}});
    if (!child) return failure(ExitStatus::missing_tool, "cannot start {}: {}", command[0], std::strerror(child.error()));
    if (child->wait() != 0) {
        fs::remove(partial, error);
        bool musl = command[0] == "musl-gcc";
        return failure(ExitStatus::not_executable, "{} does not compile: see what {} says above{}", source.string(), command[0],
                       musl ? "; CC=gcc takes this machine's own C library and its headers" : "");
    }
    fs::rename(partial, output, error);
    if (error) return failure(ExitStatus::failed, "cannot make {}: {}", output.string(), error.message());
    request.program = output.string();
    return {};
}

}  // namespace spore::host
