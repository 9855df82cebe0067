#include "host/run/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/common/markup.hpp"

namespace spore::host {

namespace {

constexpr double names_width = 230, bars_width = 800, row_height = 24, header = 44, footer = 12;

std::string_view colour_of(Timeline::Who who) {
    switch (who) {
        case Timeline::Who::tool: return "#8da0cb";
        case Timeline::Who::machine: return "#bbbbbb";
        case Timeline::Who::kernel: return "#66c2a5";
        case Timeline::Who::program: return "#fc8d62";
    }
    return "#000";
}

/// A round distance between lines, of which some ten fit.
double round_step(double whole) {
    double power = std::pow(10, std::floor(std::log10(whole / 10)));
    for (double factor : {1, 2, 5})
        if (factor * power * 10 >= whole) return factor * power;
    return 10 * power;
}

}  // namespace

std::vector<Timeline::Phase> Timeline::phases() const {
    std::vector<Phase> phases;
    auto since_begin = [&](Point at) { return std::chrono::duration<double, std::milli>(at - begun_).count(); };
    auto add = [&](std::string name, Who who, double end) {
        double begin = phases.empty() ? 0 : phases.back().end;
        phases.push_back({std::move(name), who, begin, std::max(begin, end)});
    };
    if (machine_started_ == Point{}) return phases;
    add("the tool", Who::tool, since_begin(machine_started_));
    if (first_instruction_ != Point{}) {
        add("the machine starts", Who::machine, since_begin(first_instruction_));
        for (const auto& mark : marks_) add(mark.name, Who::kernel, since_begin(first_instruction_ + std::chrono::nanoseconds(mark.nanoseconds)));
    }
    if (ended_ != Point{}) add(marks_.empty() ? "until the end" : "the program", Who::program, since_begin(ended_));
    return phases;
}

std::string timeline_svg(const std::vector<Timeline::Phase>& phases, std::string_view title) {
    double whole = phases.empty() ? 1 : std::max(phases.back().end, 0.001), scale = bars_width / whole;
    double bottom = header + row_height * static_cast<double>(phases.size());
    std::string out = fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}">
<style>text{{font:12px sans-serif}}line{{stroke:#ddd}}.at{{fill:#888;text-anchor:middle}}</style>
<text x="8" y="16">{2}: {3:.1f} ms</text>
)", names_width + bars_width + 90, bottom + footer, escaped_markup(title), whole);
    for (double at = 0, step = round_step(whole); at <= whole; at += step) {
        double x = names_width + at * scale;
        out += fmt::format(R"(<line x1="{0:.1f}" y1="{1}" x2="{0:.1f}" y2="{2}"/><text class="at" x="{0:.1f}" y="{3}">{4:g}</text>)", x, header - 6, bottom, header - 10, at);
        out += '\n';
    }
    double y = header;
    for (const auto& phase : phases) {
        double begin = names_width + phase.begin * scale, width = (phase.end - phase.begin) * scale;
        auto name = escaped_markup(phase.name);
        out += fmt::format(R"(<g><title>{0}: from {1:.3f} to {2:.3f} ms</title><text x="8" y="{3}">{0}</text><rect x="{4:.1f}" y="{5}" width="{6:.1f}" height="{7}" fill="{8}"/><text x="{9:.1f}" y="{3}">{10:.1f}</text></g>)",
                           name, phase.begin, phase.end, y + 15, begin, y + 2, std::max(width, 0.5), row_height - 6, colour_of(phase.who), begin + width + 4, phase.end - phase.begin);
        out += '\n';
        y += row_height;
    }
    return out + "</svg>\n";
}

}  // namespace spore::host
