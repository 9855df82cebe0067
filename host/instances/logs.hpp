// What `spore logs` does.
#pragma once

#include "host/instances/log_file.hpp"

namespace spore::host {

enum class Follow : u8 { no, yes };
enum class Stamps : u8 { no, yes };

struct LogView {
    Follow follow = Follow::no;
    Stamps stamps = Stamps::no;
    std::optional<u64> last = {};  ///< of what is there, so many lines of both streams together; empty: all
};

/// Prints what background programs printed, each stream on the same one of ours. One's as it came; of several each line behind its machine's name, in the order of
/// their times. Following ends when all programs have. Machines that are not there are told of, and the others shown; the last one's failure is the whole's.
Outcome<int> show_logs(const std::vector<std::string>& names, const LogView& view);

/// Pieces of a stream as they come, made whole lines.
class WholeLines {
public:
    struct Line {
        u64 nanoseconds;   ///< of its first piece
        std::string text;  ///< with its end
    };
    std::vector<Line> add(u64 nanoseconds, std::string_view piece);
    /// What has no end yet, with one.
    std::optional<Line> rest();

private:
    Line open_{};
};

}  // namespace spore::host
