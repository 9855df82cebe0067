// Questions of other processes to the running guest, passed on through its channel. Each connection to the listener is one question: the path
// of a file below the guest's /proc and a newline. Back come "ok", a newline and the text; or one line that says why there is none.
#pragma once

#include <poll.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/common/files.hpp"
#include "host/run/output.hpp"

namespace spore::host {

class Questions {
public:
    /// -1: there is nobody who asks.
    explicit Questions(int listener);

    /// The guest was asked something that it has not answered yet.
    bool waiting() const;
    /// Appends what is to be waited for.
    void add_waits(std::vector<struct pollfd>& waits) const;
    /// Takes the same entries after the wait; what the guest is to be asked is appended to `to_guest`.
    void serve(std::span<const struct pollfd> waits, std::string& to_guest);
    /// A reply frame of the guest.
    void take_reply(ByteSpan payload);

private:
    struct Question {
        FileDescriptor connection;
        u32 number = 0;    ///< 0 until the guest was asked
        std::string words; ///< the question while it comes, then the answer
        std::unique_ptr<Output> answer;  ///< once it is complete
        bool over = false;
    };
    static constexpr std::size_t most_words = 64_MiB;

    void read(Question& question, std::string& to_guest);
    static void finish(Question& question, std::string text);

    int listener_;
    u32 last_number_ = 0;
    std::vector<Question> questions_;
};

}  // namespace spore::host
