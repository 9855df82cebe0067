// The host's end of Hyper-V's network cards. It takes the driver through the same order as a host does, looks at what a host looks at, and refuses
// what one refuses.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "tests/fakes/hyperv.hpp"
#include "tests/fakes/net_sink.hpp"
#include "wire/hyperv/net.hpp"
#include "wire/hyperv/rndis.hpp"

namespace spore::fakes {

class NetvscHost {
public:
    static constexpr u32 channel = 21;
    /// What the driver asks or tells, in this order.
    enum class Step { init, ndis_config, ndis_version, receive_buffer, send_buffer, initialize, address, frame_size, connected, capabilities, parameters, filter };
    enum class Answer { good, none, refused, nonsense };

    /// Starts the HypervHost, which offers the card.
    NetvscHost();
    NetvscHost(const NetvscHost&) = delete;
    ~NetvscHost();

    // ---- what it is like ----
    std::map<Step, Answer> answers;  ///< good, where it does not say
    u32 most_ranges = 34, section_size = 6144, receive_section = 1728;
    device::MacAddress address{{0x00, 0x15, 0x5d, 0x01, 0x02, 0x03}};
    u32 frame_size = 1500, connected = wire::rndis::state_connected, medium = wire::rndis::medium_ethernet;
    wire::rndis::OffloadCapabilities can = everything();
    static wire::rndis::OffloadCapabilities everything();
    bool holds = false;      ///< leaves what is sent in the ring
    bool keeps = false;      ///< takes it, and completes no frame
    bool reuses = false;     ///< begins with the receive buffer anew when it is full, whether sections were given back or not

    // ---- what it got ----
    std::vector<Step> steps;
    u32 filter = 0;
    wire::rndis::OffloadParameters parameters{};
    struct Sent {
        Bytes frame;   ///< as it came
        std::optional<u32> sums, segments;
        u64 transaction = 0;
        bool in_section = false;
        std::size_t ranges = 0;
    };
    std::vector<Sent> sent;
    /// Frames as they would be on the wire.
    std::vector<Bytes> take_wire();
    /// Takes all that lies in the ring.
    void serve();
    /// Stops holding, or keeping.
    void resume();
    bool complete(u64 transaction, u32 status = wire::hyperv::net_success);
    std::set<u64> kept;      ///< transactions of frames that are not completed

    // ---- what it sends ----
    /// Frames, one in each range, all in one packet; false when there is no room for them.
    bool deliver(const std::vector<Bytes>& frames, u32 sums = 0);
    /// A message of RNDIS' as it is; the transaction, unless there is no room.
    std::optional<u64> deliver_message(const Bytes& message) { return deliver_messages({message}); }
    std::optional<u64> deliver_messages(const std::vector<Bytes>& messages);
    static Bytes message_of(const Bytes& frame, u32 sums = 0);
    void set_link(bool up);
    u32 undelivered() const { return static_cast<u32>(outstanding_.size()); }  ///< transactions of ours that were not answered

    ChannelEnd& end() { return *HypervHost::get().channel(channel); }
    bool is_open() { return HypervHost::get().channel(channel); }
    SharedPages& receive_buffer() { return *receive_; }

private:
    Answer begin(Step step);
    void take(const ChannelEnd::Packet& packet);
    void take_message(const ChannelEnd::Packet& packet);
    void take_answer(const ChannelEnd::Packet& packet);
    void take_rndis(const ChannelEnd::Packet& packet);
    void take_frame(const Bytes& message, std::size_t first_range, Sent sent);
    void take_request(const Bytes& message);
    void read_infos(const Bytes& infos, Sent& sent);
    void answer_query(const wire::rndis::Request& request, Step step, const Bytes& value);
    void reply(ByteSpan message, ByteSpan rest = {});
    template <typename T>
    void complete_with(u64 transaction, Answer answer, T message);
    void free_sections(u64 transaction);

    SharedPages* receive_ = nullptr;
    SharedPages* send_ = nullptr;
    std::vector<u64> owners_;             ///< of the receive buffer's sections; 0: free
    std::set<u64> outstanding_;
    std::set<u32> sections_in_use_;       ///< of the send buffer
    std::map<u64, u32> section_of_;
    std::vector<Bytes> wire_;
    u64 last_transaction_ = 100;
    bool serving_ = false;
};

}  // namespace spore::fakes
