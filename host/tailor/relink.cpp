#include "host/tailor/relink.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "host/common/process.hpp"
#include "host/common/text.hpp"

namespace spore::host {

namespace {

using Words = std::vector<std::string>;

/// How the kernel was made: the link without its objects, the commands that follow it, and the objects.
struct Recipe {
    Words link, objects;
    std::vector<Words> finish;
};

Outcome<Recipe> read_recipe(const fs::path& kernel) {
    auto path = fs::path(kernel.string() + ".recipe");
    auto text = read_file(path);
    if (!text) return failure(ExitStatus::missing_tool, "there is no {}: a kernel can be tailored in the tree that it was built in, by ./spore there", path.string());
    std::vector<Words> blocks(1);
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);)
        if (line.empty()) blocks.emplace_back();
        else blocks.back().push_back(line);
    if (blocks.size() < 3 || blocks[0].empty() || blocks[1].empty() || blocks[2].empty())
        return failure(ExitStatus::missing_tool, "{} is damaged: build the kernel again", path.string());
    Recipe recipe{.link = std::move(blocks[0]), .objects = std::move(blocks[2]), .finish{{}}};
    for (auto& word : blocks[1])
        if (word == "COMMAND") recipe.finish.emplace_back();
        else recipe.finish.back().push_back(std::move(word));
    return recipe;
}

/// One of the sources that ask which parts there are: how it was compiled, up to the name of its object.
struct Source {
    std::string command, path;
};

/// Those of the recipe's objects that depend on the parts, with how to make them.
Outcome<std::map<std::string, Source>> composing_sources(const fs::path& kernel, const Recipe& recipe) {
    auto database = kernel.parent_path().parent_path() / "compile_commands.json";
    auto text = read_file(database);
    auto entries = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
    if (!entries.is_array()) return failure(ExitStatus::missing_tool, "there is no {}, or it is damaged: configure the build again", database.string());
    std::set<std::string> objects;
    for (const auto& object : recipe.objects) objects.insert(fs::path(object).lexically_normal());
    std::map<std::string, Source> found;
    for (const auto& entry : entries) {
        if (!entry.is_object()) continue;
        auto command = entry.value("command", ""), path = entry.value("file", "");
        auto at = command.rfind(" -o "), end = command.rfind(" -c ");
        if (at == command.npos || end == command.npos || end < at) continue;
        auto object = (fs::path(entry.value("directory", "")) / command.substr(at + 4, end - at - 4)).lexically_normal().string();
        if (!objects.contains(object)) continue;
        auto source = read_file(path);
        if (source && source->find("#include \"kernel/core/parts.hpp\"") != source->npos) found[object] = {command.substr(0, at), path};
    }
    if (found.empty()) return failure(ExitStatus::missing_tool, "{} and the kernel's recipe do not belong together: build the kernel again", database.string());
    return found;
}

Outcome<void> run_step(const Words& command) {
    auto result = run_to_end(command);
    if (result.not_found) return failure(ExitStatus::missing_tool, "{} is missing, which the kernel is made with: run ./spore once, which installs it", command[0]);
    if (result.status != 0) return failure(ExitStatus::failed, "tailoring the kernel failed: {}: {}", command[0], result.errors);
    return {};
}

/// Several steps side by side. The first failure in their order.
Outcome<void> run_steps(const std::vector<Words>& commands) {
    std::vector<Outcome<void>> outcomes(commands.size());
    std::atomic<std::size_t> next = 0;
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
        workers.emplace_back([&] {
            for (std::size_t step; (step = next.fetch_add(1)) < commands.size();) outcomes[step] = run_step(commands[step]);
        });
    for (auto& worker : workers) worker.join();
    for (auto& outcome : outcomes) TRY(std::move(outcome));
    return {};
}

}  // namespace

Outcome<void> relink(const fs::path& kernel, std::string_view header, const fs::path& folder, const fs::path& image) {
    auto recipe = TRY(read_recipe(kernel));
    auto sources = TRY(composing_sources(kernel, recipe));
    auto header_file = folder / "parts.hpp";
    TRY(write_file(header_file, header));

    std::vector<Words> compilations;
    std::map<std::string, std::string> replaced;
    for (const auto& [object, source] : sources) {
        auto made = (folder / fmt::format("{}.o", replaced.size())).string();
        // The database has shell commands; the path goes through the shell and the preprocessor. What is not needed any more is no mistake here.
        compilations.push_back({"/bin/sh", "-c", fmt::format(R"({} -w -DSPORE_TAILORED="\"$0\"" -o "$1" -c "$2")", source.command), header_file, made, source.path});
        replaced[object] = made;
    }
    TRY(run_steps(compilations));

    auto link = recipe.link;
    auto cache = TRY(cache_directory()) / "lto";
    link.insert(link.end(), {fmt::format("--thinlto-cache-dir={}", cache.string()), "--thinlto-cache-policy=cache_size_bytes=200m", "-o", image.string() + ".debug"});
    for (const auto& object : recipe.objects) {
        auto made = replaced.find(fs::path(object).lexically_normal());
        link.push_back(made == replaced.end() ? object : made->second);
    }
    TRY(run_step(link));
    for (auto command : recipe.finish) {
        for (auto& word : command) word = replace_all(std::move(word), "IMAGE", image.string());
        TRY(run_step(command));
    }
    return {};
}

}  // namespace spore::host
