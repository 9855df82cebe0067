// A small host on the other end of a fake device's wire: it has a link address and IP addresses, answers ARP, neighbour solicitations and
// echo requests by itself when told to, and shows everything else to the test. Frames in both directions can be lost, doubled,
// swapped and damaged, by chance from a seed.
#pragma once

#include <deque>

#include "tests/fakes/net/device.hpp"
#include "tests/fakes/net/frames.hpp"

namespace spore::fakes {

struct Faults {
    u32 loss = 0, duplicate = 0, reorder = 0, corrupt = 0;  ///< per mille of the frames
    u64 seed = 1;
};

class Peer {
public:
    /// At the other end of `device`, from now on.
    explicit Peer(NetDevice& device, const device::MacAddress& mac = {{0x52, 0x54, 0x00, 0x00, 0x00, 0x99}});

    device::MacAddress mac;
    std::vector<IpAddress> addresses;
    bool answer_arp = true, answer_nd = true, answer_echo = false;
    bool show_group_reports = false;  ///< IGMP and MLD, of which most tests do not want to know
    /// Also for addresses behind it: it is the gateway.
    void set_faults_to_stack(const Faults& faults) { to_stack_ = faults; }
    void set_faults_from_stack(const Faults& faults) { from_stack_ = faults; }

    /// Sends one IP packet to the stack.
    void send(const IpFields& fields, const Bytes& payload);
    /// Any frame.
    void send_frame(Bytes frame);
    /// A group of frames that come as one batch.
    void send_frames(std::vector<Bytes> frames);
    Bytes frame_of(const IpFields& fields, const Bytes& payload) const;

    /// What the stack has sent and this host has not answered by itself, oldest first. A damaged frame fails the test, unless faults corrupt.
    std::vector<Parsed> take();
    /// The one packet that the stack has sent; fails the test when there are none or several.
    Parsed take_one();
    /// Lets both sides work until neither has anything more to say: frames, and the stack's poll jobs.
    void run();

private:
    void handle(Bytes frame);
    bool handle_arp(const Parsed& parsed);
    bool handle_nd(const Parsed& parsed);
    bool handle_echo(const Parsed& parsed);
    bool mine(const IpAddress& address) const;
    void pass(std::deque<Bytes>& frames, const Faults& faults, u64& state, std::vector<Bytes>& into);

    NetDevice& device_;
    std::deque<Bytes> from_, to_;  ///< on the wire, in each direction
    std::vector<Parsed> received_;
    Faults to_stack_, from_stack_;
    u64 to_random_ = 1, from_random_ = 2;
    bool running_ = false;
};

}  // namespace spore::fakes
