// Programs that other processes have started in the running guest, beside its first, passed on through its channel. Each connection to the listener
// is one program's own channel [abi/channel.hpp], from `start` to its end: here each of its frames is wrapped in one of the guest's channel.
#pragma once

#include <poll.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/common/files.hpp"
#include "host/run/frames.hpp"
#include "host/run/output.hpp"

namespace spore::host {

class Executions {
public:
    /// -1: there is nobody who starts any.
    explicit Executions(int listener);
    /// Who waits for a program's end hears that it was killed, as the machine's end does.
    ~Executions();

    /// Some program runs, or is about to.
    bool any() const { return !executions_.empty(); }
    /// Appends what is to be waited for. While the guest takes nothing, nothing is taken for it.
    void add_waits(std::vector<struct pollfd>& waits, bool guest_takes) const;
    /// Takes the same entries after the wait; what the guest is to be told is appended to `to_guest`.
    void serve(std::span<const struct pollfd> waits, std::string& to_guest);
    /// A nested frame of the guest.
    void take(ByteSpan payload);

private:
    struct Execution {
        FileDescriptor connection;
        u32 number = 0;
        HostFrameReader reader;
        Output output;
        enum class Stage : u8 { fresh, running, ended } stage = Stage::fresh;
        bool over = false;
    };
    static constexpr std::size_t most_connections = 64;  // more than the guest takes, so that it can say so

    static void read(Execution& execution, std::string& to_guest);
    /// The connection is of no more use.
    static void leave(Execution& execution, std::string& to_guest);

    int listener_;
    u32 last_number_ = 0;
    std::vector<Execution> executions_;
};

}  // namespace spore::host
