#include "host/run/boot_parts.hpp"

#include <cstdio>

#include "host/image/kernel_image.hpp"
#include "host/root/assemble.hpp"
#include "host/tailor/tailor.hpp"

namespace spore::host {

namespace {

RootPart part_of_bundle(const Plan& plan, RootPlace place) {
    if (place == RootPlace::disk) return RootPart::none;
    return plan.platform == Platform::linuxu ? RootPart::follows : RootPart::inside;
}

Outcome<void> check_memory(const Plan& plan, u64 needed) {
    if (plan.memory >= needed) return {};
    return failure(ExitStatus::too_little_memory, "{} MiB of memory are too little for {}: give at least -m {}M", plan.memory >> 20,
                   plan.program, align_up(needed, 1_MiB) >> 20);
}

}  // namespace

Outcome<BootParts> prepare_boot_parts(Plan& plan) {
    auto assembled = TRY(assemble_root(plan));
    auto image = TRY(ensure_root_image(assembled.root));
    auto place = place_of_root(plan, image);
    auto part = part_of_bundle(plan, place);
    if (plan.tailored) TRY(tailor(plan, assembled, place));
    u64 needed = smallest_memory + assembled.program_size + (part == RootPart::inside ? image.size : 0);
    TRY(check_memory(plan, needed));
    TRY(check_kernel(plan));
    auto source = place == RootPlace::disk ? abi::RootSource::disk : abi::RootSource::bundle;
    auto bundle = TRY(make_bundle_file(make_manifest(plan, assembled.program, source, assembled.root), image, part));
    auto kernel = TRY(open_to_read(plan.kernel));
    auto root_image = part == RootPart::inside ? FileDescriptor() : TRY(open_to_read(image.path));
    return BootParts{std::move(bundle), std::move(kernel), part, std::move(root_image), place, needed, std::move(assembled.root)};
}

Outcome<void> write_bundle(const BootParts& parts, const fs::path& path) {
    std::FILE* file = std::fopen(path.c_str(), "wbe");
    auto append = [&](const FileDescriptor& part) {
        auto bytes = MappedFile::open(fmt::format("/proc/self/fd/{}", part.number()));
        return bytes && std::fwrite(bytes->bytes().data(), 1, bytes->bytes().size(), file) == bytes->bytes().size();
    };
    bool good = file && append(parts.bundle) && (parts.root_part != RootPart::follows || append(parts.root_image));
    if (file && std::fclose(file) != 0) good = false;
    if (!good) return failure(ExitStatus::failed, "cannot write {}: {}", path.string(), error_text());
    return {};
}

}  // namespace spore::host
