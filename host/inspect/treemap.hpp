// Where an image's bytes go, as a picture: a squarified treemap [Bruls, Huizing, van Wijk: Squarified Treemaps, 2000].
#pragma once

#include <span>

#include "host/inspect/contents.hpp"

namespace spore::host {

struct Rectangle {
    double x, y, width, height;
    double area() const { return width * height; }
};

/// Divides `whole` among `sizes`, which fall or stay: areas in proportion, shapes as near to squares as the order allows.
std::vector<Rectangle> squarify(std::span<const double> sizes, Rectangle whole);

/// An SVG picture of the tree; each part tells its path and size when pointed at.
std::string treemap_svg(const Content& root);
/// A page that holds the picture, and a heading.
std::string treemap_html(const Content& root);

}  // namespace spore::host
