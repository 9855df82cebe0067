#include "host/check/check.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/check/call_table.hpp"
#include "host/root/assemble.hpp"
#include "wire/elf_dynamic.hpp"

namespace spore::host {

namespace {

std::string_view name_of(Evidence evidence) {
    switch (evidence) {
        case Evidence::seen: return "seen";
        case Evidence::by_name: return "by name";
        case Evidence::possible: return "possible";
    }
    return "";
}

struct Loaded {
    std::vector<MappedFile> bytes;
    std::vector<NamedCode> code;
};

/// What a file asks its loader for: the loader itself, and libraries by name.
std::vector<std::string> needed_by(ByteSpan bytes) {
    namespace elf = wire::elf;
    std::vector<std::string> names;
    auto header = elf::parse_header(bytes, facts_of(architecture_of(bytes).value_or(native_architecture)).machine);
    if (!header) return names;
    auto headers = elf::ProgramHeaders::parse(*header, slice(bytes, header->table_offset, header->table_size()).value_or(ByteSpan{}), bytes.size());
    if (!headers) return names;
    if (auto dynamic = elf::Dynamic::parse(bytes, *headers)) dynamic->for_each_needed([&](std::string_view name) { names.emplace_back(name); });
    if (auto segment = headers->find(elf::SegmentType::interpreter))
        if (auto path = elf::interpreter_path(bytes.subspan(segment->offset, segment->file_size))) names.emplace_back(*path);
    return names;
}

/// The ELF file that runs for `path`: itself, or the interpreter that a script names.
std::string elf_of(Root& root, const std::string& path) {
    auto* entry = root.find(path);
    auto text = entry && entry->kind == Entry::Kind::file ? read_file(entry->host) : std::nullopt;
    if (!text || !text->starts_with("#!")) return path;
    auto line = text->substr(2, text->find('\n') - 2);
    line.erase(0, line.find_first_not_of(" \t"));
    return root.provide(line.substr(0, line.find_first_of(" \t"))).value_or(path);
}

/// The program, its loader and libraries; not what a runtime's folders hold besides.
Outcome<Loaded> load(const Plan& plan) {
    auto assembled = TRY(assemble_root(plan));
    auto& root = assembled.root;
    // The root holds what was found for each name, under that name.
    std::map<std::string, std::string> by_name;
    for (const auto& [path, entry] : root.entries())
        if (entry.kind != Entry::Kind::directory) by_name.try_emplace(fs::path(path).filename(), path);
    Loaded loaded;
    std::set<std::string> done;
    std::vector<std::string> open{elf_of(root, root.provide(assembled.program).value_or(assembled.program))};
    for (std::size_t i = 0; i < open.size(); ++i) {
        auto path = open[i];
        if (auto known = by_name.find(path); known != by_name.end()) path = known->second;
        path = root.provide(path).value_or(path);
        if (!done.insert(path).second) continue;
        auto* entry = root.find(path);
        if (!entry || entry->kind != Entry::Kind::file) continue;
        auto file = MappedFile::open(entry->host);
        if (!file) return failure(ExitStatus::not_executable, "cannot read {}: {}", path, std::strerror(file.error()));
        auto image = ElfImage::parse(file->bytes());
        if (!image) continue;
        for (auto& name : needed_by(file->bytes())) open.push_back(std::move(name));
        loaded.code.push_back({fs::path(path).filename(), Code(std::move(*image))});
        loaded.bytes.push_back(std::move(*file));
    }
    if (loaded.code.empty()) return failure(ExitStatus::not_executable, "{} is no ELF program for {}", plan.program, facts_of(plan.architecture).title);
    return loaded;
}

std::string first_of(const std::set<std::string>& by) {
    if (by.empty()) return "";
    return by.size() == 1 ? *by.begin() : fmt::format("{} and {} more", *by.begin(), by.size() - 1);
}

}  // namespace

Report make_report(const std::string& program, Architecture architecture, const Findings& findings, CheckFormat format, bool traced) {
    struct Line {
        u32 number;
        CallSupport call;
        const FoundCall* found;
    };
    std::vector<Line> lines;
    std::size_t counts[3] = {};
    bool complete = true;
    for (const auto& [number, found] : findings.calls) {
        auto call = find_call(number, architecture);
        if (call.name.empty()) continue;
        lines.push_back({number, call, &found});
        ++counts[static_cast<std::size_t>(call.support)];
        if (call.support == Support::missing && found.evidence != Evidence::possible) complete = false;
    }
    // What breaks first.
    std::ranges::stable_sort(lines, [](const Line& a, const Line& b) {
        if (a.call.support != b.call.support) return a.call.support > b.call.support;
        if (a.found->evidence != b.found->evidence) return a.found->evidence > b.found->evidence;
        return a.call.name < b.call.name;
    });
    std::vector<std::string> remarks;
    if (!findings.unclear.empty())
        remarks.push_back(fmt::format("the numbers of some calls could not be followed, so there may be more than these (in {})", first_of(findings.unclear)));
    if (findings.loads_plugins) remarks.push_back("it can load plug-ins (dlopen), whose calls are not in this list");
    else remarks.push_back("'possible' errs towards too much: every function in a table of data counts as used");
    if (!traced) remarks.push_back("--trace runs the program and marks the calls that it makes as seen");

    if (format == CheckFormat::json) {
        nlohmann::json json{{"program", program}, {"complete", complete}, {"remarks", remarks}, {"calls", nlohmann::json::array()}};
        for (const auto& line : lines)
            json["calls"].push_back({{"name", line.call.name}, {"number", line.number}, {"support", name_of(line.call.support)}, {"note", line.call.note},
                                     {"evidence", name_of(line.found->evidence)}, {"by", line.found->by}});
        return {json.dump(2) + "\n", complete};
    }
    auto text = fmt::format("{}: {} system calls; {} supported, {} partial, {} missing\n\n", program, lines.size(), counts[0], counts[1], counts[2]);
    text += fmt::format("{:<10} {:<9} {:<22} {}\n", "SUPPORT", "EVIDENCE", "CALL", "NOTE");
    for (const auto& line : lines) {
        auto note = line.call.support == Support::missing ? "from " + first_of(line.found->by) : std::string(line.call.note);
        auto row = fmt::format("{:<10} {:<9} {:<22} {}", name_of(line.call.support), name_of(line.found->evidence), line.call.name, note);
        row.erase(row.find_last_not_of(' ') + 1);
        text += row + "\n";
    }
    text += "\n";
    for (const auto& remark : remarks) text += fmt::format("note: {}\n", remark);
    text += complete ? "nothing that it surely needs is missing\n" : "it surely needs calls that are missing: expect it to fail there with ENOSYS\n";
    return {text, complete};
}

Outcome<int> check(const Plan& plan, CheckFormat format, const TracedRun& trace) {
    auto loaded = TRY(load(plan));
    auto findings = find_calls(loaded.code);
    if (trace) {
        TRY(trace([&](std::string_view name) {
            if (auto number = find_call_number(name, plan.architecture)) {
                auto& call = findings.calls[*number];
                call.evidence = Evidence::seen;
                if (call.by.empty()) call.by.insert("the traced run");
            }
        }));
    }
    auto report = make_report(plan.program, plan.architecture, findings, format, static_cast<bool>(trace));
    std::fwrite(report.text.data(), 1, report.text.size(), stdout);
    return report.complete ? 0 : 1;
}

}  // namespace spore::host
