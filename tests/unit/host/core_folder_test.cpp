// Which core files a run left in the folder of --core.
#include "host/run/core_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "host/common/temporary_folder.hpp"

namespace spore::host {
namespace {

TEST(CoreFolder, NamesWhatIsNewOrReplaced) {
    auto made = TemporaryFolder::create("cores");
    ASSERT_TRUE(made);
    auto& folder = made->path();
    for (auto* name : {"core.old.1", "core.replaced.1", "notes"}) std::ofstream(folder / name) << "x";
    CoreFolder cores(folder);
    EXPECT_EQ(cores.written(), std::vector<fs::path>());
    std::ofstream(folder / "beside") << "x";
    std::ofstream(folder / "beside.core") << "x";
    fs::rename(folder / "beside.core", folder / "core.replaced.1");
    std::ofstream(folder / "core.new.7") << "x";
    fs::create_symlink("/etc/passwd", folder / "core.link.8");
    EXPECT_EQ(cores.written(), (std::vector<fs::path>{folder / "core.new.7", folder / "core.replaced.1"}));
    EXPECT_EQ(CoreFolder({}).written(), std::vector<fs::path>());
}

}  // namespace
}  // namespace spore::host
