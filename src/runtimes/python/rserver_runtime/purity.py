# Whether the calls of a service can leave anything behind in their process, other than variables. Only then may one copy
# of the process serve several calls; in doubt each call gets a copy of its own. Decided once, from the bytecode of the
# code and of every function that it can reach, by lists of what is known to be harmless.
import builtins
import dis
import sys
import types
import warnings

_BUILTINS = frozenset(
    """abs all any ascii bin bool callable chr complex dict divmod enumerate filter float format frozenset hash hex int
    isinstance issubclass iter len list map max min next oct ord pow print range repr reversed round set slice sorted str sum
    tuple zip True False None Ellipsis NotImplemented ArithmeticError AssertionError AttributeError Exception IndexError
    KeyError LookupError OverflowError RuntimeError TypeError UnicodeError ValueError ZeroDivisionError""".split()
)

# Attributes and methods that change neither their object nor anything else, whatever the object is.
_ATTRIBUTES = frozenset(
    """abs all any arange arccos arcsin arctan arctan2 argmax argmin argsort around array asarray asscalar astype
    atleast_1d atleast_2d average bincount bool_ capitalize casefold cbrt ceil center classes_ clip coef_ column_stack columns
    combinations concat concatenate copy copysign corr cos cosh count cov cumprod cumsum date datetime days decision_function
    deg2rad degrees describe diag diff digitize dot dtype dtypes dumps e empty endswith erf exp expm1 fabs factorial
    feature_importances_ feature_names_in_ find flatten float32 float64 floor format from_dict from_records fromisoformat
    full get get_dummies head hour hstack hypot iloc in1d index inf int32 int64 intercept_ interp inv inverse_transform isdigit
    isfinite isin isinf isnan isna isnull isoformat item items join keys kneighbors ln loads loc log log10 log1p log2
    loadtxt lower lstrip map match max maximum mean median min minimum minute mode month nan nan_to_num ndim norm notna
    notnull now nunique ones percentile pi power predict predict_log_proba predict_proba prod product quantile rad2deg radians
    ravel real replace repeat reshape rfind round rsplit rstrip score score_samples search second shape sign sin sinh size sleep
    split sqrt square squeeze stack startswith std str strftime strip strptime sum support_ support_vectors_ tail tan tanh
    timedelta title to_dict to_list to_numeric to_numpy to_records tolist today total_seconds transform transpose trunc
    unique upper value_counts values var vstack weekday where year zeros zfill T DataFrame Decimal Fraction Series
    Timedelta Timestamp to_datetime to_timedelta linalg special expit logit""".split()
)

_MODULES = frozenset(
    "builtins calendar cmath collections datetime decimal fractions itertools json math numpy pandas re scipy sklearn "
    "statistics string time".split()
)
# What is no value of its own, or compares and reads only.
_PLAIN_TYPES = (type(None), bool, int, float, complex, str, bytes, range, slice)
_HARMFUL_NAMES = frozenset(["out", "inplace", "overwrite_input", "file"])
_LARGEST_WORKSPACE = 100000


class _Impure(Exception):
    pass


class Purity(object):
    """The verdict on a service, and the way back to where its calls begin."""

    def __init__(self, executor, program):
        self._namespace = vars(executor.module)
        self._seen = set()
        self._own_names = executor.own_names
        self.is_pure = program is not None and self._judge(program)

    def remember(self):
        self._before = dict(self._namespace)
        self._last_shown = vars(builtins).get("_", self)
        self._modules = len(sys.modules)

    def restore(self):
        """Puts the variables back. Returns whether nothing else has changed."""
        self._namespace.clear()
        self._namespace.update(self._before)
        if self._last_shown is self:
            vars(builtins).pop("_", None)
        else:
            builtins._ = self._last_shown
        _forget_warnings()
        return len(sys.modules) == self._modules

    def _judge(self, program):
        try:
            for code in program:
                if code is not None:
                    self._check_code(code)
            return True
        except (_Impure, RecursionError):
            return False

    def _check_code(self, code):
        if id(code) in self._seen:
            return
        self._seen.add(id(code))
        for instruction in dis.get_instructions(code):
            self._check_instruction(instruction, code)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._check_code(constant)
            elif _HARMFUL_NAMES.intersection(_strings(constant)):
                raise _Impure  # names of arguments

    def _check_instruction(self, instruction, code):
        operation, name = instruction.opname, instruction.argval
        if operation.startswith(("STORE_", "DELETE_")):
            # Variables are put back; what they refer to is not, nor are those of an enclosing function.
            if name in code.co_freevars:
                raise _Impure
            if not operation.startswith(("STORE_FAST", "STORE_NAME", "STORE_DEREF", "DELETE_FAST", "DELETE_NAME", "STORE_MAP")):
                raise _Impure
        elif operation.startswith(("INPLACE_", "IMPORT_", "LOAD_BUILD_CLASS", "GET_A", "SETUP_ASYNC")):
            raise _Impure
        elif operation == "BINARY_OP" and instruction.argrepr.endswith("="):
            raise _Impure
        elif operation.startswith(("LOAD_ATTR", "LOAD_METHOD")):
            if name not in _ATTRIBUTES:
                raise _Impure
        elif operation.startswith("LOAD_SUPER"):
            raise _Impure
        elif operation in ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_CLASSDEREF"):
            self._check_name(name)

    def _check_name(self, name):
        if name in self._namespace and name not in self._own_names:
            self._check_value(self._namespace[name])
        elif hasattr(builtins, name) and name not in _BUILTINS:
            raise _Impure

    def _check_value(self, value):
        if isinstance(value, _PLAIN_TYPES) or id(value) in self._seen:
            return
        self._seen.add(id(value))
        if len(self._seen) > _LARGEST_WORKSPACE:
            raise _Impure
        if isinstance(value, types.ModuleType):
            _check_origin(value.__name__)
        elif isinstance(value, types.FunctionType):
            self._check_function(value)
        elif isinstance(value, type):
            _check_origin(value.__module__)
        elif isinstance(value, dict):
            for key, item in list(value.items()):
                self._check_value(key)
                self._check_value(item)
        elif isinstance(value, (list, tuple, set, frozenset)):
            for item in value:
                self._check_value(item)
        else:
            self._check_instance(value)

    def _check_function(self, value):
        if value.__module__ in ("__main__", None):
            self._check_code(value.__code__)
            for part in (value.__defaults__, value.__kwdefaults__, value.__closure__):
                for item in (part.values() if isinstance(part, dict) else part or ()):
                    self._check_value(item.cell_contents if part is value.__closure__ else item)
        else:
            _check_origin(value.__module__)

    def _check_instance(self, value):
        kind = type(value)
        _check_origin(kind.__module__)
        if hasattr(kind, "__next__"):
            raise _Impure  # reading from it changes it
        # Estimators made of others, and of functions.
        if kind.__module__.startswith("sklearn"):
            for item in list(vars(value).values()):
                self._check_value(item)
        elif isinstance(value, (types.BuiltinFunctionType, types.MethodType)):
            _check_origin(getattr(value, "__module__", None))
            self._check_value(getattr(value, "__self__", None))
        elif getattr(getattr(value, "dtype", None), "kind", "f") == "O":
            for item in value.ravel().tolist() if hasattr(value, "ravel") else ():
                self._check_value(item)


def _check_origin(module):
    if module is None or module.split(".")[0] not in _MODULES:
        raise _Impure


def _strings(constant):
    return [item for item in (constant if isinstance(constant, tuple) else (constant,)) if isinstance(item, str)]


def _forget_warnings():
    """A warning is shown once for each place; each call shows its own."""
    for name in ("_filters_mutated", "_filters_mutated_lock_held"):
        if hasattr(warnings, name):
            getattr(warnings, name)()
            return
