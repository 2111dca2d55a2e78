"""jupyter_kernel_test for both kernels. Run: python -m unittest -v kernel_conformance"""

import unittest

import jupyter_kernel_test


class RKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "rserver-r"
    language_name = "R"
    file_extension = ".r"
    code_hello_world = 'cat("hello, world\\n")'
    code_stderr = 'cat("to stderr\\n", file = stderr())'
    completion_samples = [
        {"text": "zi", "matches": {"zip"}},
        {"text": "%snap", "matches": {"%snapshot"}},
    ]
    complete_code_samples = ["1", 'print("hello, world")', "f <- function(x) {\n  x*2\n}", "x %in% y"]
    incomplete_code_samples = ["f <- function(x) {\n", 'print("hello', "1 +", "c(1,\n"]
    invalid_code_samples = ["import this", "print()))", "1 2"]
    code_generate_error = 'stop("boom")'
    code_execute_result = [
        {"code": "6*7", "result": "[1] 42"},
        {"code": "letters[1:3]", "result": '[1] "a" "b" "c"'},
        {"code": "head(mtcars)", "mime": "text/html"},
        {"code": "?mean", "mime": "text/html"},
    ]
    code_display_data = [
        {"code": "plot(1:3)", "mime": "image/png"},
        {"code": "%lsmagic", "mime": "text/plain"},
        {"code": "%session", "mime": "text/plain"},
        {"code": "head(mtcars); invisible(1)", "mime": "text/html"},
    ]
    code_history_pattern = "6*7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "mean"


class PythonKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "rserver-python"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = [
        {"text": "zi", "matches": {"zip"}},
        {"text": "%snap", "matches": {"%snapshot"}},
    ]
    complete_code_samples = ["1", "print('hello, world')", "def f(x):\n  return x*2\n\n\n", "x % 2"]
    incomplete_code_samples = ["def f(x):\n  x*2", "print('''hello", "for i in range(3):", "f(1,"]
    invalid_code_samples = ["import = 7q", "print('hello')))"]
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('boom')"
    code_execute_result = [
        {"code": "6*7", "result": "42"},
        {"code": "'a' * 3", "result": "'aaa'"},
        {"code": "import pandas; pandas.DataFrame({'a': [1]})", "mime": "text/html"},
    ]
    code_display_data = [
        {"code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))", "mime": "text/html"},
        {"code": "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()", "mime": "image/png"},
        {"code": "%lsmagic", "mime": "text/plain"},
        {"code": "%session", "mime": "text/plain"},
    ]
    code_history_pattern = "6*7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"


class RIopubWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "rserver-r"
    support_iopub_welcome = True


class PythonIopubWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "rserver-python"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
