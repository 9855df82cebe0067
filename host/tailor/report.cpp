#include "host/tailor/report.hpp"

#include <nlohmann/json.hpp>

#include "host/check/call_table.hpp"

namespace spore::host {

namespace {

std::size_t supported_calls(Architecture architecture) {
    std::size_t count = 0;
    for (u32 number = 0; number < call_numbers; ++number)
        if (auto call = find_call(number, architecture); !call.name.empty() && call.support != Support::missing) ++count;
    return count;
}

std::string json_report(const Plan& plan, const Selection& selection, KernelSizes sizes) {
    nlohmann::json json{{"program", plan.program}, {"kernel", kernel_name(plan)}, {"bytes", sizes.tailored}, {"whole_kernel_bytes", sizes.whole},
                        {"all_calls", selection.all_calls}, {"parts", nlohmann::json::array()}, {"calls", nlohmann::json::array()}};
    for (const auto& part : selection.parts) json["parts"].push_back({{"name", part.name}, {"what", part.text}, {"kept", part.kept}, {"why", part.why}});
    for (const auto& [name, choice] : selection.calls) json["calls"].push_back({{"name", name}, {"evidence", choice.evidence}, {"why", choice.why}});
    return json.dump(2) + "\n";
}

}  // namespace

std::string tailor_report(const Plan& plan, const Selection& selection, KernelSizes sizes, bool json) {
    if (json) return json_report(plan, selection, sizes);
    auto text = fmt::format("a kernel of {} KiB for {}, {} % of the whole one\n\n", (sizes.tailored + 1023) / 1024, plan.program, sizes.tailored * 100 / std::max<u64>(1, sizes.whole));
    text += fmt::format("{:<13} {:<5} {:<42} {}\n", "PART", "KEPT", "WHAT", "WHY");
    for (const auto& part : selection.parts) text += fmt::format("{:<13} {:<5} {:<42} {}\n", part.name, part.kept ? "yes" : "no", part.text, part.why);
    auto all = supported_calls(plan.architecture);
    if (!selection.all_calls.empty()) return text + fmt::format("\nall {} system calls stay: {}\n", all, selection.all_calls);
    text += fmt::format("\n{} of {} system calls:\n{:<22} {:<9} {}\n", selection.calls.size(), all, "CALL", "EVIDENCE", "FROM");
    for (const auto& [name, choice] : selection.calls) text += fmt::format("{:<22} {:<9} {}\n", name, choice.evidence, choice.why);
    return text;
}

}  // namespace spore::host
