// Address spaces against a model that is too simple to be wrong: a map from page to what a program must see there.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <set>

#include "kernel/memory/fault_injection.hpp"
#include "tests/unit/kernel/memory/program.hpp"

namespace spore::memory {
namespace {

using tests::Program;
using tests::TestFile;

constexpr u64 base = 0x4000'0000, pages = 64;
constexpr u64 file_pages = 48;

struct ModelPage {
    arch::Access access;
    Sharing sharing = Sharing::privately;
    int file = -1;               ///< which of the files
    u64 index = 0;               ///< page of the file, or of the shared anonymous object
    std::optional<int> own{};    ///< a private page's byte once it was written; anonymous private ones always have it
};
using Model = std::map<u64, ModelPage>;

class ModelTest : public testing::TestWithParam<unsigned> {
protected:
    void SetUp() override {
        fakes::reset_memory(64_MiB);
        random.seed(GetParam());
        for (auto& file : files) file = TestFile::create(file_pages * page_size);
        for (u64 i = 0; i < file_pages; ++i)
            for (auto& contents : file_contents) contents[i] = static_cast<int>(i);
    }
    void TearDown() override {
        for (auto& file : files) file.reset();
        fakes::reset_memory();
    }
    u64 pick(u64 below) { return random() % below; }
    VirtAddr address(u64 page) { return {base + page * page_size}; }

    int expected(const ModelPage& page) {
        if (page.own) return *page.own;
        return file_contents[page.file][page.index];
    }
    void check(Program& program, Model& model) {
        for (u64 i = 0; i < pages; ++i) {
            auto found = model.find(i);
            if (found == model.end()) {
                ASSERT_EQ(program.fault(address(i), {.read = true}), FaultOutcome::no_area) << i;
            } else if (!found->second.access.read) {
                ASSERT_EQ(program.fault(address(i), {.read = true}), FaultOutcome::access_denied) << i;
            } else {
                ASSERT_EQ(program.load(address(i)), expected(found->second)) << i;
            }
        }
        u64 mapped = 0;
        program.space->visit_areas([](void* sum, const AddressSpace::AreaInfo& area) { *static_cast<u64*>(sum) += area.end - area.start; }, &mapped);
        ASSERT_EQ(mapped, model.size() * page_size);
        ASSERT_EQ(program.space->use().virtual_bytes, mapped);
    }
    arch::Access random_access() {
        switch (pick(4)) {
            case 0: return {};
            case 1: return {.read = true};
            default: return {.read = true, .write = true};
        }
    }
    void step(Program& program, Model& model);

    std::mt19937 random;
    Shared<TestFile> files[2];
    std::map<u64, int> file_contents[2];
};

void ModelTest::step(Program& program, Model& model) {
    u64 start = pick(pages), count = 1 + pick(std::min<u64>(16, pages - start));
    auto covered = [&] {
        for (u64 i = start; i < start + count; ++i)
            if (!model.contains(i)) return false;
        return true;
    };
    switch (pick(9)) {
        case 0: case 1: {  // map
            MapRequest request{.hint = address(start), .size = count * page_size, .access = random_access(), .placement = Placement::exactly};
            int file = static_cast<int>(pick(4));
            u64 offset = pick(file_pages - 16);
            if (file < 2) request.object = files[file], request.offset = offset * page_size;
            if (file < 2 && pick(2)) request.sharing = Sharing::shared;
            ASSERT_EQ(program.space->map(request), address(start));
            for (u64 i = 0; i < count; ++i) {
                ModelPage page{.access = request.access, .sharing = request.sharing};
                if (file < 2) page.file = file, page.index = offset + i;
                else page.own = 0;
                model[start + i] = page;
            }
            break;
        }
        case 2:
            ASSERT_TRUE(program.space->unmap(address(start), count * page_size));
            for (u64 i = start; i < start + count; ++i) model.erase(i);
            break;
        case 3: {
            auto access = random_access();
            auto result = program.space->protect(address(start), count * page_size, access);
            ASSERT_EQ(result.has_value(), covered());
            for (u64 i = start; i < start + count && model.contains(i); ++i) model[i].access = access;  // up to the first hole
            break;
        }
        case 4: {
            auto result = program.space->discard(address(start), count * page_size);
            ASSERT_EQ(result.has_value(), covered());
            for (u64 i = start; i < start + count; ++i)
                if (auto found = model.find(i); found != model.end()) {
                    if (found->second.file < 0) found->second.own = 0;
                    else found->second.own.reset();
                }
            break;
        }
        case 5: {  // move to where it does not overlap
            u64 to = pick(pages - count);
            if (to < start + count && start < to + count) break;
            bool one = covered();
            for (u64 i = start + 1; one && i < start + count; ++i) {
                auto &a = model[i - 1], &b = model[i];
                one = a.access == b.access && a.sharing == b.sharing && a.file == b.file && (a.file < 0 || a.index + 1 == b.index);
            }
            if (!one) break;
            VirtAddr target = address(to);
            ASSERT_EQ(program.space->remap(address(start), count * page_size, count * page_size, true, &target), target);
            for (u64 i = 0; i < count; ++i) {
                model[to + i] = model[start + i];
                model.erase(start + i);
            }
            break;
        }
        case 6: {  // what is cut from a file comes again as it was
            int file = static_cast<int>(pick(2));
            u64 first = pick(file_pages), end = first + pick(8);
            files[file]->pages().drop(first, end);
            for (u64 i = first; i < end; ++i) file_contents[file][i] = static_cast<int>(i);
            break;
        }
        default:
            for (u64 i = start; i < start + count; ++i) {
                auto found = model.find(i);
                if (found == model.end() || !found->second.access.write) {
                    ASSERT_NE(program.fault(address(i), {.write = true}), FaultOutcome::served);
                    continue;
                }
                int value = static_cast<int>(pick(200)) + 50;
                ASSERT_TRUE(program.store(address(i), value));
                auto& page = found->second;
                if (page.sharing == Sharing::shared) file_contents[page.file][page.index] = value;
                else page.own = value;
            }
    }
}

TEST_P(ModelTest, SeesWhatTheModelSees) {
    {
        std::vector<std::pair<Program, Model>> programs;
        programs.emplace_back(Program(), Model());
        for (int i = 0; i < 1500; ++i) {
            auto& [program, model] = programs[pick(programs.size())];
            step(program, model);
            if (HasFatalFailure()) FAIL() << "step " << i;
            if (i % 10 == 0) {
                for (auto& [p, m] : programs) check(p, m);
                if (HasFatalFailure()) FAIL() << "step " << i;
            }
            if (pick(100) == 0 && programs.size() < 4) {
                auto child = program.space->fork();
                ASSERT_TRUE(child);
                Model copy = model;
                programs.emplace_back(Program(*child), std::move(copy));
            } else if (pick(200) == 0 && programs.size() > 1) {
                programs.erase(programs.begin() + static_cast<long>(pick(programs.size())));
            }
        }
    }
    for (auto& file : files) file.reset();
    auto use = memory_use();
    EXPECT_EQ(use.free, use.total);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, testing::Range(0u, 8u));

}  // namespace
}  // namespace spore::memory
