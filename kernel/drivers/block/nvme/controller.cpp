#include "kernel/drivers/block/nvme/controller.hpp"

#include <algorithm>

#include "kernel/drivers/block/nvme/namespace_disk.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers::nvme {

using namespace wire::nvme;

namespace {

constexpr u32 most_namespaces = 32;

template <typename T>
T field(const memory::FrameRef& page, u32 offset) {
    T value;
    __builtin_memcpy(&value, page.bytes() + offset, sizeof value);
    return value;
}

Command admin_command(AdminOperation operation) {
    Command command{};
    command.operation = static_cast<u8>(operation);
    return command;
}

}  // namespace

void Controller::write_address(Register r, PhysAddr address) {
    write(r, static_cast<u32>(address.value));
    write(r, static_cast<u32>(address.value >> 32), 1);
}

Result<void> Controller::wait_until_ready(bool wanted) {
    auto deadline = time::now() + Duration::ms(500 * (capabilities_.timeout() + 1));
    while (true) {
        u32 status = read(Register::status);
        if ((status & status_ready) == wanted) return {};
        if (time::now() >= deadline || (wanted && status & status_fatal)) return fail(Error::io);
        arch::relax();
    }
}

Result<void> Controller::open() {
    auto started = start();
    if (!started) hardware_->cut_off();
    return started;
}

Result<void> Controller::start() {
    capabilities_ = {read(Register::capabilities), read(Register::capabilities, 1)};
    if (!capabilities_.is_usable() || capabilities_.most_entries() < 2) return fail(Error::not_supported);
    write(Register::configuration, 0);  // firmware may have used it
    TRY(wait_until_ready(false));
    TRY(admin_.open(capabilities_.most_entries(), capabilities_.doorbell_stride()));
    write(Register::admin_sizes, admin_sizes(admin_.entries()));
    write_address(Register::admin_submissions, admin_.submissions());
    write_address(Register::admin_completions, admin_.completions());
    write(Register::configuration, configuration_enabled);
    TRY(wait_until_ready(true));
    page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    TRY(identify(identify_controller, 0));
    has_cache_ = field<u8>(page_, controller_cache) & 1;
    can_discard_ = field<u16>(page_, controller_operations) & operations_manage_data;
    if (u8 limit = field<u8>(page_, controller_transfer_limit); limit && limit < 8) most_bytes_ = std::min<u32>(most_bytes_, page_size << limit);
    return open_queues();
}

Result<void> Controller::identify(u32 what, u32 namespace_id) {
    auto command = admin_command(AdminOperation::identify);
    command.namespace_id = namespace_id;
    command.pages[0] = page_.address().value;
    command.arguments[0] = what;
    TRY(admin_.run_alone(command));
    return {};
}

/// One for each CPU, whose interrupt comes there; fewer where the controller or its messages are fewer.
Result<void> Controller::open_queues() {
    u32 wanted = arch::cpu_count();
    auto command = admin_command(AdminOperation::set_features);
    command.arguments[0] = feature_queues;
    command.arguments[1] = (wanted - 1) | (wanted - 1) << 16;
    u32 given = TRY(admin_.run_alone(command));
    wanted = std::min({wanted, (given & 0xffff) + 1, (given >> 16) + 1});
    while (queue_count_ < wanted) {
        auto queue = TRY(make_owned<Queue>(*hardware_, health_, queue_count_ + 1));
        TRY(queue->open(capabilities_.most_entries(), capabilities_.doorbell_stride()));
        queues_[queue_count_] = queue.release();
        auto vector = hardware_->connect_message(queue_count_, Queue::on_interrupt, queues_[queue_count_]);
        if (!vector && queue_count_ > 0) break;
        if (!vector) TRY(hardware_->connect_shared(Queue::on_interrupt, queues_[0]));
        auto opened = open_queue(queue_count_, vector.value_or(0));
        if (!opened && queue_count_ > 0) break;
        TRY(opened);
        ++queue_count_;
        if (!vector) break;
    }
    return {};
}

Result<void> Controller::open_queue(u32 index, u32 vector) {
    auto& queue = *queues_[index];
    auto command = admin_command(AdminOperation::create_completions);
    command.pages[0] = queue.completions().value;
    command.arguments[0] = queue_size_and_number(queue.entries(), index + 1);
    command.arguments[1] = vector << 16 | queue_interrupts | queue_contiguous;
    TRY(admin_.run_alone(command));
    command.operation = static_cast<u8>(AdminOperation::create_submissions);
    command.pages[0] = queue.submissions().value;
    command.arguments[1] = (index + 1) << 16 | queue_contiguous;
    TRY(admin_.run_alone(command));
    return {};
}

Result<u32> Controller::add_disks() {
    u32 numbers[most_namespaces], count = 0;
    if (read(Register::version) >= version_1_1) {
        TRY(identify(identify_active, 0));
        for (; count < most_namespaces; ++count)
            if (!(numbers[count] = field<u32>(page_, count * sizeof(u32)))) break;
    } else {
        TRY(identify(identify_controller, 0));
        for (u32 last = field<u32>(page_, controller_namespaces); count < std::min(last, most_namespaces); ++count) numbers[count] = count + 1;
    }
    u32 added = 0;
    for (u32 i = 0; i < count; ++i) added += add_disk(numbers[i]).value_or(false);
    return added;
}

/// False for those that are not there, or of a kind that the driver does not know.
Result<bool> Controller::add_disk(u32 namespace_id) {
    TRY(identify(identify_namespace, namespace_id));
    u64 blocks = field<u64>(page_, namespace_size);
    u32 format = field<u32>(page_, namespace_formats + (field<u8>(page_, namespace_format) & 15) * sizeof(u32));
    u32 shift = format >> 16 & 0xff;
    bool has_metadata = format & 0xffff;
    if (!blocks || has_metadata || shift < sector_shift || shift > page_shift || blocks > ~u64{0} >> shift) return false;
    auto disk = TRY(make_owned<NamespaceDisk>(*this, namespace_id, shift, blocks, field<u8>(page_, namespace_attributes) & 1));
    device::add_disk(*disk.release());  // lives as long as the machine
    return true;
}

}  // namespace spore::drivers::nvme
