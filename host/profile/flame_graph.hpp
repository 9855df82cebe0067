// Stacks that were sampled, added up, and as a picture: a box for each function, as wide as it was there, above the one that called it
// [Gregg: The Flame Graph, ACM Queue 14(2), 2016].
#pragma once

#include <map>
#include <span>
#include <string>

#include "base/types.hpp"

namespace spore::host {

struct Frame {
    /// Whose code it is: the colour.
    enum class Owner : u8 { program, library, kernel, host };
    std::string name;
    Owner owner;
    friend auto operator<=>(const Frame&, const Frame&) = default;
};

class FlameGraph {
public:
    /// One sample's stack, from the outermost frame in.
    void add(std::span<const Frame> stack);
    u64 samples() const { return root_.samples; }
    /// The picture. Pointing at a box tells its share; clicking makes it as wide as all.
    std::string svg(std::string_view title) const;
    /// A line for each stack: frames joined by semicolons, and how often: what other tools read.
    std::string folded() const;

private:
    struct Box {
        u64 samples = 0;
        std::map<Frame, Box> above;
    };
    friend class FlamePainter;
    static unsigned height(const Box& box);
    static void fold(const Box& box, const std::string& path, std::string& out);
    Box root_;
};

}  // namespace spore::host
