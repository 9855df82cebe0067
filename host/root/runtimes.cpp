#include "host/root/runtimes.hpp"

#include <fnmatch.h>
#include <glob.h>

#include <array>

#include "base/defer.hpp"

namespace spore::host {

namespace {

constexpr std::array<std::string_view, 6> python{
    "/usr/lib/python{version}", "/usr/lib/python3/dist-packages", "/usr/local/lib/python{version}/dist-packages",
    "/usr/local/lib/python{version}", "/etc/python{version}", "/usr/lib/locale/C.utf8"};
constexpr std::array<std::string_view, 9> perl{
    "/etc/perl", "/usr/lib/*/perl-base", "/usr/lib/*/perl/*", "/usr/lib/*/perl5/*", "/usr/share/perl/*", "/usr/share/perl5",
    "/usr/local/lib/*/perl/*", "/usr/local/share/perl/*", "/usr/lib/locale/C.utf8"};
constexpr std::array<std::string_view, 5> ruby{
    "/usr/lib/ruby", "/usr/lib/*/ruby", "/var/lib/gems", "/usr/share/rubygems-integration", "/usr/lib/locale/C.utf8"};

constexpr std::array<std::string_view, 4> php{"/etc/php/{version}", "/usr/lib/php", "/usr/share/php", "/usr/share/zoneinfo"};
constexpr std::array<std::string_view, 4> node{"/usr/lib/nodejs", "/usr/lib/*/nodejs", "/usr/share/nodejs", "/usr/share/node_modules"};
constexpr std::array<std::string_view, 3> java{"{home}", "/etc/java-*", "/etc/ssl/certs/java"};

constexpr std::array<Runtime, 7> known{
    {{"python3*", python}, {"perl", perl}, {"perl5*", perl}, {"ruby*", ruby}, {"php*", php}, {"node*", node}, {"java", java}}};

std::string version_in(std::string_view name) {
    auto digit = name.find_first_of("0123456789");
    return std::string(digit == std::string_view::npos ? "" : name.substr(digit));
}

void add_folders(Root& root, const std::string& pattern) {
    glob_t found{};
    defer { ::globfree(&found); };
    if (::glob((root.base() + pattern).c_str(), GLOB_NOSORT, nullptr, &found) != 0) return;
    for (std::size_t i = 0; i < found.gl_pathc; ++i) root.provide_tree(found.gl_pathv[i] + root.base().size());
}

}  // namespace

std::span<const Runtime> runtimes() { return known; }

void add_runtime(Root& root, Libraries& libraries, const std::string& real_path) {
    auto name = fs::path(real_path).filename().string();
    bool any = false;
    for (const auto& runtime : runtimes()) {
        if (::fnmatch(std::string(runtime.program).c_str(), name.c_str(), 0) != 0) continue;
        any = true;
        for (auto folder : runtime.folders) {
            std::string pattern(folder);
            auto put = [&](std::string_view word, const std::string& value) {
                if (auto at = pattern.find(word); at != std::string::npos) pattern.replace(at, word.size(), value);
            };
            put("{version}", version_in(name));
            put("{home}", fs::path(real_path).parent_path().parent_path().string());
            add_folders(root, pattern);
        }
        break;
    }
    if (!any) return;
    std::vector<std::string> plugins;
    for (const auto& [path, entry] : root.entries())
        if (entry.kind == Entry::Kind::file && path.ends_with(".so")) plugins.push_back(path);
    for (const auto& path : plugins) libraries.add_plugin(path);
}

}  // namespace spore::host
