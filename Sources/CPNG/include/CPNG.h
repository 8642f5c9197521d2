// libpng behind calls that return a status, so that its longjmp never crosses a Swift frame.
#pragma once
