// The treemap's division, and what the pictures say.
#include <gtest/gtest.h>

#include "host/inspect/treemap.hpp"

namespace spore::host {
namespace {

TEST(Treemap, DividesInProportionWithoutOverlap) {
    const double sizes[] = {60, 60, 40, 30, 20, 10, 3, 1, 0.5};
    Rectangle whole{10, 20, 600, 400};
    auto places = squarify(sizes, whole);
    ASSERT_EQ(places.size(), std::size(sizes));
    for (std::size_t i = 0; i < places.size(); ++i) {
        auto& a = places[i];
        EXPECT_NEAR(a.area(), sizes[i] / 224.5 * whole.area(), 1e-6);
        EXPECT_GE(a.x, whole.x - 1e-6);
        EXPECT_GE(a.y, whole.y - 1e-6);
        EXPECT_LE(a.x + a.width, whole.x + whole.width + 1e-6);
        EXPECT_LE(a.y + a.height, whole.y + whole.height + 1e-6);
        for (std::size_t k = 0; k < i; ++k) {
            auto& b = places[k];
            double wide = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x), high = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
            EXPECT_TRUE(wide < 1e-6 || high < 1e-6) << i << " and " << k;
        }
    }
}

TEST(Treemap, KeepsShapesNearToSquares) {
    // The example of the paper: 6 × 4 among 6, 6, 4, 3, 2, 2, 1; two rows of two and three, no part longer than thrice its breadth.
    const double sizes[] = {6, 6, 4, 3, 2, 2, 1};
    auto places = squarify(sizes, {0, 0, 6, 4});
    EXPECT_NEAR(places[0].width, 3, 1e-9);
    EXPECT_NEAR(places[0].height, 2, 1e-9);
    for (auto& place : places) EXPECT_LT(std::max(place.width / place.height, place.height / place.width), 3);
}

TEST(Treemap, HasNothingToDivideWithoutSizes) { EXPECT_TRUE(squarify({}, {0, 0, 10, 10}).empty()); }

TEST(Treemap, NamesPartsAndEscapesThem) {
    Content root{.name = "/", .folder = true};
    Content folder{.name = "usr", .folder = true};
    folder.add({.name = "a<b>&\"c", .size = 3000});
    root.add(std::move(folder));
    root.add({.name = "empty"});
    root.sort();
    auto svg = treemap_svg(root);
    EXPECT_NE(svg.find("<title>/usr/a&lt;b&gt;&amp;&quot;c — 2.9 KiB</title>"), svg.npos) << svg;
    EXPECT_EQ(svg.find("empty"), svg.npos);
    EXPECT_NE(treemap_html(root).find("<!doctype html>"), std::string::npos);
}

TEST(Contents, AreListedTheLargestFirst) {
    Content root{.name = "/", .folder = true};
    root.add({.name = "small", .size = 999});
    root.add({.name = "large", .size = 5 << 20});
    root.sort();
    EXPECT_EQ(format_tree(root), "  5.0 M  /\n  5.0 M    large\n  999      small\n");
}

TEST(Contents, OfNoImageAreRefused) {
    std::vector<std::byte> nothing(8192);
    EXPECT_EQ(read_contents(nothing).error(), Error::corrupt);
    EXPECT_FALSE(read_contents(std::span(nothing).first(100)));
}

}  // namespace
}  // namespace spore::host
