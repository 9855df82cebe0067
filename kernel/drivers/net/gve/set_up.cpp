// What is said to a device, in order, from its commands to its queues.
#include <algorithm>
#include <bit>

#include "kernel/drivers/net/gve/device.hpp"

namespace spore::drivers::gve {

using namespace wire::gve;

namespace {

constexpr const char* version_text = "GVE-SPORE-1.0.0\n";
constexpr u32 link_header = 14;
constexpr u32 least_mtu = 1280, most_mtu = 8896;  // [RFC 8200 5]; what the cloud carries
constexpr u32 most_counters = 16'384;
/// Interrupts are of what is sent, what is received, and, behind all those that have a doorbell, of the device itself.
constexpr u16 send_vector = 0, receive_vector = 1, management_vector = 2;
constexpr u32 interrupt_doorbells = 2;
constexpr u32 queue_number = 0;
constexpr u32 send_interval = 50, receive_interval = 20;  // microseconds, as the device's own driver has it

/// What the device writes of doorbells, each in a cache line of its own.
struct SharedPage {
    struct Line {
        be32 doorbell;
        u8 reserved[60];
    };
    Line interrupts[interrupt_doorbells];
    Resources queues[2];
};
static_assert(sizeof(SharedPage) == 256);
constexpr u32 send_queue = 0, receive_queue = 1;

bool is_usable(u32 entries) { return std::has_single_bit(entries) && entries >= least_entries && entries <= most_entries; }

/// Calls visit(id, ByteSpan) for each option behind the descriptor that asks for nothing that we do not know. io: they are not all there.
template <typename F>
Result<void> for_each_option(ByteSpan page, const Descriptor& descriptor, F&& visit) {
    u64 end = u16{descriptor.size}, at = sizeof descriptor;
    if (end > page.size()) return fail(Error::io);
    for (u32 left = u16{descriptor.options}; left; --left) {
        auto* found = view_at<Option>(page.first(end), at);
        if (!found) return fail(Error::io);
        Option option = *found;
        auto body = slice(page.first(end), at + sizeof option, u16{option.size});
        if (!body) return fail(Error::io);
        if (!u32{option.required}) visit(static_cast<OptionId>(u16{option.id}), *body);
        at += sizeof option + body->size();
    }
    return {};
}

/// An option's body, or nothing when the device says less than there is in it.
template <typename Body>
std::optional<Body> body_of(ByteSpan bytes) {
    auto* found = view_at<Body>(bytes, 0);
    return found ? std::optional(*found) : std::nullopt;
}

}  // namespace

Result<void> Device::set_up() {
    steps_ = 0;
    registers_.tell_version(version_text);
    if (!registers_.read(Register::most_send_queues) || !registers_.read(Register::most_receive_queues)) return spore::fail(Error::not_supported);
    if (!scratch_) scratch_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    TRY(commands_.open());
    TRY(verify_driver());
    TRY(describe());
    identity_.features = {.send_checksum = true, .send_tcp4_segments = true, .send_tcp6_segments = true, .receive_checksum = true, .max_send_size = link_header + 0xffff};
    return {};
}

std::byte* Device::clean_scratch() {
    __builtin_memset(scratch_.bytes(), 0, page_size);
    return scratch_.bytes();
}

/// Devices may do without.
Result<void> Device::verify_driver() {
    auto& info = *reinterpret_cast<DriverInfo*>(clean_scratch());
    info.system = system_linux;
    info.major = 1;
    info.abilities[0] = knows_raw_dqo | knows_missed_by_tag | knows_buffer_sizes;
    VerifyDriver command;
    command.size = sizeof info;
    command.address = scratch_.address().value;
    auto verified = commands_.run(Opcode::verify_driver, command);
    return !verified && verified.error() == Error::not_supported ? Result<void>{} : verified;
}

Result<void> Device::describe() {
    auto* page = clean_scratch();
    DescribeDevice command;
    command.address = scratch_.address().value;
    command.version = descriptor_version;
    command.size = page_size;
    TRY(commands_.run(Opcode::describe_device, command));
    ByteSpan bytes(page, page_size);
    Descriptor found = *view_at<Descriptor>(bytes, 0);
    about_ = {.send_entries = found.send_entries, .receive_entries = found.receive_entries, .counters = found.counters, .buffer_size = least_buffer_size};
    u32 mtu = found.mtu, features = 0, jumbo = 0, buffer = 0;
    bool is_raw = false;
    TRY(for_each_option(bytes, found, [&](OptionId id, ByteSpan body) {
        if (id == OptionId::raw_dqo)
            if (auto raw = body_of<RawDqo>(body)) is_raw = true, features = raw->features;
        if (id == OptionId::jumbo_frames)
            if (auto said = body_of<JumboFrames>(body)) jumbo = said->most_mtu;
        if (id == OptionId::buffer_sizes)
            if (auto said = body_of<BufferSizes>(body)) buffer = said->packet_buffer;
    }));
    if (!is_raw) return spore::fail(Error::not_supported);
    if (features & has_jumbo_frames && jumbo) mtu = jumbo;
    if (features & has_buffer_sizes && buffer >= most_buffer_size) about_.buffer_size = most_buffer_size;
    auto& mac = identity_.mac;
    std::ranges::copy(found.address, mac.bytes.begin());
    if (mac.bytes[0] & 1 || mac == device::MacAddress{} || mtu < least_mtu) return spore::fail(Error::io);
    identity_.mtu = static_cast<u16>(std::min(mtu, most_mtu));
    if (!is_usable(about_.send_entries) || !is_usable(about_.receive_entries) || about_.counters > most_counters) return spore::fail(Error::not_supported);
    return {};
}

Result<void> Device::prepare() {
    TRY(receive_.prepare(about_.receive_entries));
    TRY(transmit_.prepare(about_.send_entries));
    counters_ = TRY(make_ring(std::max<u64>(about_.counters * sizeof(u32), page_size)));
    shared_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    if (TRY(connect(Source::sent)) != send_vector || TRY(connect(Source::received)) != receive_vector || TRY(connect(Source::management)) != management_vector)
        return spore::fail(Error::io);
    return {};
}

Result<void> Device::make_queues() {
    // After a reset too: the rings are as long as they were.
    if (about_.send_entries != transmit_.entries() || about_.receive_entries != receive_.entries()) return spore::fail(Error::io);
    __builtin_memset(shared_.bytes(), 0, page_size);
    receive_.clear();
    transmit_.clear();
    TRY(configure());
    steps_ = 1;
    TRY(learn_packet_types());
    u64 queues = shared_.address().value + offsetof(SharedPage, queues);

    CreateSendQueue send{};
    send.queue = queue_number;
    send.resources = queues + send_queue * sizeof(Resources);
    send.ring = transmit_.descriptors().value;
    send.page_list = raw_addresses;
    send.doorbell = send_vector;
    send.completions = transmit_.completions().value;
    send.entries = send.completion_entries = static_cast<u16>(about_.send_entries);
    TRY(commands_.run(Opcode::create_send_queue, send));
    steps_ = 2;

    CreateReceiveQueue receive{};
    receive.queue = queue_number;
    receive.doorbell = receive_vector;
    receive.resources = queues + receive_queue * sizeof(Resources);
    receive.completions = receive_.completions().value;
    receive.buffers = receive_.buffers().value;
    receive.page_list = raw_addresses;
    receive.entries = receive.buffer_entries = static_cast<u16>(about_.receive_entries);
    receive.buffer_size = static_cast<u16>(about_.buffer_size);
    TRY(commands_.run(Opcode::create_receive_queue, receive));
    steps_ = 3;

    auto sent = TRY(find_doorbells(send_queue)), received = TRY(find_doorbells(receive_queue));
    sent.unmask(unmask_with_interval(send_interval));
    received.unmask(unmask_with_interval(receive_interval));
    transmit_.start(sent);
    receive_.start(received, about_.buffer_size, types_);
    return {};
}

Result<void> Device::configure() {
    Configure wanted{};
    wanted.counters_address = counters_.address().value;
    wanted.counters = about_.counters;
    wanted.doorbells_address = shared_.address().value;
    wanted.doorbells = interrupt_doorbells;
    wanted.doorbell_stride = sizeof(SharedPage::Line);
    wanted.first_vector = send_vector;
    wanted.format = format_raw_dqo;
    return commands_.run(Opcode::configure, wanted);
}

/// Without them no checksum is believed.
Result<void> Device::learn_packet_types() {
    static_assert(packet_types * sizeof(PacketType) <= page_size);
    types_ = {};
    PacketTypesCommand command;
    command.size = packet_types * sizeof(PacketType);
    auto* page = clean_scratch();
    command.address = scratch_.address().value;
    auto told = commands_.run(Opcode::get_packet_types, command);
    if (!told) return told.error() == Error::timed_out ? told : Result<void>{};
    auto* types = reinterpret_cast<const volatile PacketType*>(page);
    for (u32 i = 0; i < packet_types; ++i) {
        u8 network = types[i].network, transport = types[i].transport;
        if (transport != transport_tcp && transport != transport_udp) continue;
        types_.ip4[i] = network == network_ip4;
        types_.ip6[i] = network == network_ip6;
    }
    return {};
}

/// io when the device names places beyond its BAR.
Result<QueueDoorbells> Device::find_doorbells(u32 queue) {
    auto& shared = *reinterpret_cast<const SharedPage*>(shared_.bytes());
    auto read = [](const be32& place) { return std::byteswap(*reinterpret_cast<const volatile u32*>(&place)); };
    u32 tells = read(shared.queues[queue].doorbell), unmasks = read(shared.interrupts[queue].doorbell);
    if (tells >= doorbell_count_ || unmasks >= doorbell_count_) return spore::fail(Error::io);
    return QueueDoorbells(*doorbells_, tells, unmasks);
}

/// In the order in which it was set up, backwards; what the device says to it does not matter, since it is reset then.
void Device::take_down() {
    DestroyQueue queue;
    queue.queue = queue_number;
    if (steps_ >= 3) (void)commands_.run(Opcode::destroy_receive_queue, queue);
    if (steps_ >= 2) (void)commands_.run(Opcode::destroy_send_queue, queue);
    if (steps_ >= 1) (void)commands_.run(Opcode::deconfigure, queue);
    steps_ = 0;
}

}  // namespace spore::drivers::gve
