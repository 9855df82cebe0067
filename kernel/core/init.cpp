// Orders the steps: runs the first whose needs are met, until none is left.
#include "kernel/core/init.hpp"

#include "kernel/core/panic.hpp"
#include "kernel/core/trace.hpp"

extern "C" [[gnu::weak]] const spore::core::InitStep __start_init_steps[];
extern "C" [[gnu::weak]] const spore::core::InitStep __stop_init_steps[];

namespace spore::core {
namespace {

/// Takes the first word off `words`.
std::string_view next_word(std::string_view& words) {
    while (words.starts_with(' ')) words.remove_prefix(1);
    auto word = words.substr(0, words.find(' '));
    words.remove_prefix(word.size());
    return word;
}

bool has_word(std::string_view words, std::string_view wanted) {
    for (auto word = next_word(words); !word.empty(); word = next_word(words))
        if (word == wanted) return true;
    return false;
}

/// Steps are few, so a set of them is a word of bits.
constexpr std::size_t most_steps = 64;

bool can_run(const InitStep& step, std::string_view given, std::span<const InitStep> steps, u64 done) {
    std::string_view needs = step.needs;
    for (auto need = next_word(needs); !need.empty(); need = next_word(needs)) {
        if (has_word(given, need)) continue;
        // All that provide it must have run: several steps may each bring a part.
        bool provided = false;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (!has_word(steps[i].provides, need)) continue;
            if (!(done >> i & 1)) return false;
            provided = true;
        }
        if (!provided) return false;
    }
    return true;
}

}  // namespace

std::span<const InitStep> init_steps() {
    if (!__start_init_steps) return {};
    return {__start_init_steps, __stop_init_steps};
}

void run_init_steps(std::string_view given, std::span<const InitStep> steps) {
    ASSERT(steps.size() <= most_steps);
    u64 done = 0;
    for (std::size_t ran = 0; ran < steps.size(); ++ran) {
        std::size_t i = 0;
        while (i < steps.size() && ((done >> i & 1) || !can_run(steps[i], given, steps, done))) ++i;
        if (i == steps.size()) {
            for (std::size_t k = 0; k < steps.size(); ++k)
                if (!(done >> k & 1)) panic("boot step {} needs \"{}\", and something of it is not there", steps[k].name, steps[k].needs);
        }
        if (auto result = steps[i].run(); !result) panic("boot step {} failed with error {}", steps[i].name, result.error());
        done |= u64{1} << i;
        mark_boot(steps[i].name);
    }
}

void draw_init_graph(std::span<const InitStep> steps, LineWriter writer, void* context) {
    char line[160];
    writer(context, "digraph boot {");
    for (const auto& step : steps) {
        std::string_view needs = step.needs;
        for (auto need = next_word(needs); !need.empty(); need = next_word(needs))
            for (const auto& other : steps)
                if (has_word(other.provides, need)) writer(context, format_to(line, "  {} -> {} // {}", other.name, step.name, need));
    }
    writer(context, "}");
}

}  // namespace spore::core
