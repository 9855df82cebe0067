#include "host/profile/flame_graph.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/common/markup.hpp"

namespace spore::host {

namespace {

constexpr double width = 1200, row_height = 16, letter_width = 6.6, narrowest = 0.4;

/// Neighbours differ a little, so that their borders are seen.
std::string colour(const Frame& frame) {
    unsigned shade = 0;
    for (char c : frame.name) shade = shade * 31 + static_cast<unsigned char>(c);
    constexpr unsigned hues[] = {25, 50, 205, 0};
    return fmt::format("hsl({},{}%,{}%)", hues[static_cast<unsigned>(frame.owner)] + shade % 14, frame.owner == Frame::Owner::host ? 0 : 75, 64 + shade / 14 % 12);
}

// A click makes a box as wide as the picture and what lies beneath it as well; a click on the lowest box undoes that.
constexpr std::string_view script = R"js(
const boxes = [...document.querySelectorAll("g[data-x]")];
const fit = (g, x, w) => {
  const r = g.querySelector("rect"), t = g.querySelector("text");
  r.setAttribute("x", x); r.setAttribute("width", Math.max(0, w)); t.setAttribute("x", x + 3);
  const n = Math.floor((w - 4) / 6.6), name = g.dataset.name;
  t.textContent = n < 3 ? "" : name.length <= n ? name : name.slice(0, n - 1) + "…";
};
const zoom = f => {
  const x = +f.dataset.x, w = +f.dataset.w, d = +f.dataset.d;
  for (const g of boxes) {
    const gx = +g.dataset.x, gw = +g.dataset.w, gd = +g.dataset.d;
    const below = gd <= d && gx <= x + 1e-6 && gx + gw >= x + w - 1e-6, above = gd > d && gx >= x - 1e-6 && gx + gw <= x + w + 1e-6;
    g.style.display = below || above ? "" : "none";
    if (below) fit(g, 0, 1200); else if (above) fit(g, (gx - x) * 1200 / w, gw * 1200 / w);
  }
};
for (const g of boxes) g.addEventListener("click", () => zoom(g));
)js";

}  // namespace

class FlamePainter {
public:
    FlamePainter(u64 all, double floor) : all_(all), floor_(floor) {}

    void paint(const Frame& frame, const FlameGraph::Box& box, double x, unsigned depth) {
        double wide = share(box) * width;
        if (wide < narrowest) return;
        double y = floor_ - row_height * (depth + 1);
        auto name = escaped_markup(frame.name);
        auto fitting = static_cast<std::size_t>(std::max(0.0, (wide - 4) / letter_width));
        auto label = fitting < 3 ? "" : frame.name.size() <= fitting ? name : escaped_markup(frame.name.substr(0, fitting - 1)) + "…";
        out_ += fmt::format(R"svg(<g data-x="{0:.3f}" data-w="{1:.3f}" data-d="{2}" data-name="{3}"><title>{3}: {4} samples, {5:.1f} %</title>)svg"
                            R"svg(<rect x="{0:.3f}" y="{6}" width="{1:.3f}" height="{7}" fill="{8}"/><text x="{9:.1f}" y="{10}">{11}</text></g>)svg" "\n",
                            x, wide, depth, name, box.samples, share(box) * 100, y, row_height - 1, colour(frame), x + 3, y + 11.5, label);
        for (auto& [caller, above] : box.above) {
            paint(caller, above, x, depth + 1);
            x += share(above) * width;
        }
    }
    std::string take() { return std::move(out_); }

private:
    double share(const FlameGraph::Box& box) const { return static_cast<double>(box.samples) / static_cast<double>(std::max<u64>(all_, 1)); }

    u64 all_;
    double floor_;
    std::string out_;
};

void FlameGraph::add(std::span<const Frame> stack) {
    auto* box = &root_;
    ++box->samples;
    for (auto& frame : stack) box = &box->above[frame], ++box->samples;
}

unsigned FlameGraph::height(const Box& box) {
    unsigned most = 0;
    for (auto& [frame, above] : box.above) most = std::max(most, height(above));
    return most + 1;
}

std::string FlameGraph::svg(std::string_view title) const {
    double floor = 40 + row_height * height(root_);
    FlamePainter painter(root_.samples, floor);
    painter.paint({"all", Frame::Owner::host}, root_, 0, 0);
    return fmt::format(R"svg(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}">
<style>text{{font:11px monospace;pointer-events:none}}rect{{cursor:pointer}}</style>
<text x="3" y="16" style="font-size:14px">{2}</text>
<text x="3" y="32"><tspan fill="hsl(30,75%,45%)">program</tspan> <tspan fill="hsl(55,75%,40%)">libraries</tspan> <tspan fill="hsl(210,75%,45%)">Spore's kernel</tspan> <tspan fill="#777">this Linux</tspan></text>
{3}<script>//<![CDATA[{4}//]]></script>
</svg>
)svg", width, floor + 4, escaped_markup(title), painter.take(), script);
}

void FlameGraph::fold(const Box& box, const std::string& path, std::string& out) {
    u64 own = box.samples;
    for (auto& [frame, above] : box.above) {
        own -= above.samples;
        fold(above, path.empty() ? frame.name : path + ";" + frame.name, out);
    }
    if (own && !path.empty()) out += fmt::format("{} {}\n", path, own);
}

std::string FlameGraph::folded() const {
    std::string out;
    fold(root_, "", out);
    return out;
}

}  // namespace spore::host
