#include "host/check/check.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/check/call_table.hpp"
#include "host/check/load.hpp"
#include "host/root/assemble.hpp"

namespace spore::host {

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
    auto assembled = TRY(assemble_root(plan));
    auto loaded = TRY(load_program(assembled.root, assembled.program, plan.architecture));
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
