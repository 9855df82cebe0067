// A network of machines: a switch between its members, their names, and the gateway. One thread, one poll(2) a round.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>

#include "host/lan/daemon/gateway.hpp"
#include "host/lan/frame_stream.hpp"
#include "host/lan/greeting.hpp"
#include "host/lan/names.hpp"

namespace spore::host::lan {

class Switch {
public:
    using Clock = std::chrono::steady_clock;
    /// Gets what sends a frame into the network.
    using MakeGateway = std::function<std::unique_ptr<Gateway>(std::function<void(ByteSpan)>)>;

    /// `listener`: a listening, non-blocking socket that machines come to.
    Switch(FileDescriptor listener, const MakeGateway& make_gateway);
    bool works() const { return gateway_ != nullptr; }
    /// Until nobody has been there for so long.
    void run(std::chrono::milliseconds alone);
    /// Waits for something to do, for so long at most, and does it.
    void serve(std::chrono::milliseconds patience);
    std::size_t members() const { return members_.size(); }

private:
    struct Member {
        FrameStream stream;
        std::vector<PortForward> ports;
        bool gone = false;
    };
    /// Who has come, and has not said yet who it is.
    struct Visitor {
        FileDescriptor connection;
        std::string words;
        Clock::time_point since;
        bool gone = false;
    };

    void accept();
    void listen_to(Visitor& visitor);
    Outcome<Welcome> admit(const Arrival& arrival);
    Outcome<void> open_ports(const Arrival& arrival, unsigned number);
    void receive_from(unsigned number, Member& member);
    void forward(ByteSpan frame, unsigned from);
    void say_goodbye();

    FileDescriptor listener_;
    std::list<Visitor> visitors_;
    std::map<unsigned, Member> members_;  ///< by number
    Names names_;
    std::unique_ptr<Gateway> gateway_;
};

}  // namespace spore::host::lan
