# Reads the model of a realtime service from its file and predicts with it. Runs once, when the service is loaded; leaves
# one hidden object in the workspace. Keeps to Python 3.5.


class _Realtime(object):
    def __init__(self, path):
        self.model = self.read_model(path)
        if not callable(getattr(self.model, "predict", None)):
            raise TypeError("an object of %s has no predict()" % type(self.model))
        self.feature_names = getattr(self.model, "feature_names_in_", None)

    @staticmethod
    def read_model(path):
        try:
            import joblib
        except ImportError:
            joblib = None
        if joblib is not None:
            # Takes pickles and dill's pickles too, and undoes their compression.
            return joblib.load(path)
        import bz2
        import gzip
        import lzma
        import pickle

        with open(path, "rb") as file:
            start = file.read(6)
        openers = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))
        opener = next((opener for magic, opener in openers if start.startswith(magic)), open)
        with opener(path, "rb") as file:
            return pickle.load(file)

    def rows(self, columns):
        if self.feature_names is None:
            return self.array(columns.values())
        missing = [name for name in self.feature_names if name not in columns]
        if missing:
            raise ValueError("inputData lacks the columns " + ", ".join(missing))
        try:
            import pandas
        except ImportError:
            return self.array(columns[name] for name in self.feature_names)
        names = [str(name) for name in self.feature_names]
        return pandas.DataFrame(dict((name, columns[name]) for name in names), columns=names)

    @staticmethod
    def array(columns):
        import numpy

        return numpy.array(list(columns)).T

    def score(self, columns):
        rows = self.rows(columns)
        values = self.model.predict(rows)
        classes = getattr(self.model, "classes_", None)
        if classes is None:
            return self.named("Score", values)
        result = self.named("PredictedLabel", values)
        # A model fitted on several targets has a list of lists; its labels are all there is to tell.
        if hasattr(self.model, "predict_proba") and not isinstance(classes, list):
            probabilities = self.model.predict_proba(rows)
            for index, label in enumerate(classes):
                result["Probability.%s" % label] = probabilities[:, index]
        return result

    @staticmethod
    def named(name, values):
        if getattr(values, "ndim", 1) == 1:
            return {name: values}
        return dict(("%s.%d" % (name, index), column) for index, column in enumerate(values.T))


_realtime = _Realtime("model.bin")
