#include "host/inspect/treemap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/common/markup.hpp"

namespace spore::host {

namespace {

/// How far the worst part of a row of height `side` is from a square; `sum` is the row's area.
double worst_shape(double smallest, double largest, double sum, double side) {
    double square = side * side, whole = sum * sum;
    return std::max(square * largest / whole, whole / (square * smallest));
}

std::string size_text(u64 bytes) {
    auto text = format_size(bytes);
    text.erase(0, text.find_first_not_of(' '));
    text.erase(text.find_last_not_of(' ') + 1);
    return text + (bytes < 1000 ? " bytes" : "iB");
}

constexpr double label_height = 14, letter_width = 6.2, margin = 2, smallest_shown = 3;

class Painter {
public:
    void paint(const Content& content, Rectangle at, std::string path, unsigned hue, unsigned depth) {
        bool divided = !content.children.empty() && at.width > 4 * margin && at.height > label_height + 4 * margin;
        out_ += fmt::format(R"svg(<g><title>{} — {}</title><rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="hsl({},{}%,{}%)"/>)svg",
                            escaped_markup(path), size_text(content.size), at.x, at.y, at.width, at.height, hue, divided ? 30 : 55,
                            divided ? std::min(90u, 70 + 5 * depth) : 72);
        label(content, at);
        out_ += "</g>\n";
        if (divided) paint_children(content, {at.x + margin, at.y + label_height, at.width - 2 * margin, at.height - label_height - margin}, path, hue, depth);
    }

    std::string take() { return std::move(out_); }

private:
    void paint_children(const Content& content, Rectangle at, const std::string& path, unsigned hue, unsigned depth) {
        std::vector<double> sizes;
        for (auto& child : content.children)
            if (child.size) sizes.push_back(static_cast<double>(child.size));
        auto places = squarify(sizes, at);  // the largest come first, so the empty ones are the last
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (places[i].width < smallest_shown || places[i].height < smallest_shown) continue;
            auto& child = content.children[i];
            auto below = path.empty() || path.ends_with('/') ? path + child.name : path + "/" + child.name;
            // Neighbours at the top differ in colour, and what lies below shares it.
            paint(child, places[i], below, depth < 2 ? (hue + 67 * static_cast<unsigned>(i + 1)) % 360 : hue, depth + 1);
        }
    }

    void label(const Content& content, Rectangle at) {
        auto fitting = static_cast<std::size_t>(std::max(0.0, (at.width - 4) / letter_width));
        if (at.height < label_height || fitting < 3) return;
        auto text = content.name;
        if (auto full = fmt::format("{} {}", content.name, size_text(content.size)); full.size() <= fitting) text = full;
        if (text.size() > fitting) text = text.substr(0, fitting - 1) + "…";
        out_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}">{}</text>)", at.x + 2, at.y + 11, escaped_markup(text));
    }

    std::string out_;
};

}  // namespace

std::vector<Rectangle> squarify(std::span<const double> sizes, Rectangle whole) {
    std::vector<Rectangle> places;
    double left = std::accumulate(sizes.begin(), sizes.end(), 0.0);
    if (left <= 0) return places;
    double scale = whole.area() / left;
    for (std::size_t begin = 0; begin < sizes.size();) {
        // A row lies along the shorter side, and takes parts as long as that makes its worst one more like a square.
        double side = std::min(whole.width, whole.height), sum = sizes[begin] * scale;
        std::size_t end = begin + 1;
        for (double worst = worst_shape(sum, sum, sum, side); end < sizes.size(); ++end) {
            double next = sizes[end] * scale, then = worst_shape(next, sizes[begin] * scale, sum + next, side);
            if (then > worst) break;
            worst = then, sum += next;
        }
        bool upright = whole.width >= whole.height;
        double thickness = side > 0 ? sum / side : 0, along = 0;
        for (std::size_t i = begin; i < end; ++i) {
            double length = thickness > 0 ? sizes[i] * scale / thickness : 0;
            places.push_back(upright ? Rectangle{whole.x, whole.y + along, thickness, length} : Rectangle{whole.x + along, whole.y, length, thickness});
            along += length;
        }
        if (upright) whole.x += thickness, whole.width = std::max(0.0, whole.width - thickness);
        else whole.y += thickness, whole.height = std::max(0.0, whole.height - thickness);
        begin = end;
    }
    return places;
}

std::string treemap_svg(const Content& root) {
    constexpr double width = 1200, height = 800;
    Painter painter;
    painter.paint(root, {0, 0, width, height}, root.name, 200, 0);
    return fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}">
<style>text{{font:10px sans-serif;pointer-events:none}}rect{{stroke:#fff;stroke-width:.5}}</style>
{2}</svg>
)", width, height, painter.take());
}

std::string treemap_html(const Content& root) {
    return fmt::format("<!doctype html>\n<meta charset=\"utf-8\">\n<title>{0}</title>\n<h1 style=\"font:16px sans-serif\">{0}: {1}</h1>\n{2}",
                       escaped_markup(root.name), size_text(root.size), treemap_svg(root));
}

}  // namespace spore::host
